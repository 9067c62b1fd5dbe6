import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { s3Program, toxiproxyProgram } from './go-program';
import { startBroker, type TestBroker } from './kafka-broker';
import { BROKER_DESK_VARIABLE } from './shared-broker';

type TestRun = typeof globalThis & {
  millraceTestRun?: { desk: Server; broker: () => Promise<TestBroker> | undefined };
};

/** What of jest's global configuration matters here: the paths that the run was narrowed to. */
interface RunConfig {
  readonly testPathPatterns: { readonly patterns: readonly string[] };
}

/** Opens the desk where test files, each in a process of its own, get the shared broker. */
export default async function openBrokerDesk(config: RunConfig): Promise<void> {
  let started: Promise<TestBroker> | undefined;
  const broker = () => (started ??= startBroker({ log: (line) => process.stderr.write(`${line}\n`) }));

  const desk = createServer((_, response) => {
    broker().then(
      ({ brokers }) => response.end(JSON.stringify(brokers)),
      (error: unknown) => response.writeHead(503).end((error as Error).message),
    );
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  desk.unref();
  process.env[BROKER_DESK_VARIABLE] = `http://127.0.0.1:${(desk.address() as AddressInfo).port}`;
  (globalThis as TestRun).millraceTestRun = { desk, broker: () => started };

  // A run of everything needs it for sure, and may first have to pull an image: that must not count as a test's time.
  if (config.testPathPatterns.patterns.length > 0) return;
  await broker();
  // Built here, so that two test files that want it do not build it at the same time.
  s3Program();
  toxiproxyProgram();
}

/** Counterpart of `openBrokerDesk`. */
export async function closeBrokerDesk(): Promise<void> {
  const run = (globalThis as TestRun).millraceTestRun;
  run?.desk.close();
  const broker = await run?.broker()?.catch(() => undefined);
  await broker?.stop();
}
