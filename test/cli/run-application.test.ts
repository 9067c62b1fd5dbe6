import { EventEmitter } from 'node:events';
import type { Application } from '../../src/cli/application';
import { runApplication } from '../../src/cli/run-application';
import { type MillraceOptions, resolveConfig } from '../../src/config/millrace-config';
import { createLogger } from '../../src/logging/create-logger';
import { serdes } from '../../src/serde/serdes';
import { StreamsBuilder } from '../../src/topology/streams-builder';

class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/** An application whose start and end the test decides; main.test.ts runs the real one. */
class FakeApplication implements Application {
  state = 'CREATED';
  readonly started = new Deferred<void>();
  readonly end = new Deferred<void>();
  readonly closeCalled = new Deferred<unknown>();
  readonly closed = this.end.promise;

  start(): Promise<void> {
    this.state = 'RUNNING';
    return this.started.promise;
  }

  close(options?: { timeoutMs?: number }): Promise<void> {
    this.closeCalled.resolve(options);
    return this.closed;
  }
}

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];

  exit(code: number): void {
    this.exits.push(code);
  }
}

const builder = new StreamsBuilder();
builder.stream('in', { key: serdes.string, value: serdes.string }).to('out');
const topology = builder.build();

function run(options: Partial<MillraceOptions> = {}) {
  const application = new FakeApplication();
  const host = new FakeProcess();
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const exitCode = runApplication(
    topology,
    resolveConfig({ applicationId: 'a', brokers: 'localhost:9092', ...options }),
    createLogger({ format: 'json', destination: { write } }),
    () => Promise.resolve(application),
    host as unknown as NodeJS.Process,
  );
  return { application, host, lines, exitCode };
}

/** Lets `runApplication` come to the point where it waits for the application. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('runApplication', () => {
  it.each(['SIGTERM', 'SIGINT'])('closes the application at %s and exits with 0', async (signal) => {
    const { application, host, lines, exitCode } = run({ shutdownTimeoutMs: 1234 });
    application.started.resolve();
    await turn();
    host.emit(signal, signal);
    expect(await application.closeCalled.promise).toEqual({ timeoutMs: 1234 });
    application.end.resolve();
    expect(await exitCode).toBe(0);
    expect(lines.map(({ event }) => event)).toEqual(['signal_received', 'stopped']);
    expect(host.exits).toEqual([]);
  });

  it.each([
    ['SIGTERM', 'SIGINT', 130],
    ['SIGINT', 'SIGTERM', 143],
    ['SIGINT', 'SIGINT', 130],
  ])('exits at once when %s is followed by %s', async (first, second, code) => {
    const { application, host, lines, exitCode } = run();
    await turn();
    host.emit(first, first);
    await application.closeCalled.promise;
    host.emit(second, second);
    expect(host.exits).toEqual([code]);
    expect(lines.at(-1)).toMatchObject({ event: 'exit_forced', signal: second });
    application.end.resolve();
    await exitCode;
  });

  it('exits with 1 after a fatal error, with the reason in the last line', async () => {
    const { application, lines, exitCode } = run();
    application.started.resolve();
    await turn();
    application.end.reject(Object.assign(new Error('the broker is on fire'), { code: 'BROKER_ON_FIRE' }));
    expect(await exitCode).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      level: 'fatal',
      event: 'fatal_error',
      msg: 'the broker is on fire',
      err: { code: 'BROKER_ON_FIRE' },
    });
  });

  it('exits with 1 when the start fails', async () => {
    const { application, lines, exitCode } = run();
    application.started.reject(new Error('no such topic'));
    expect(await exitCode).toBe(1);
    expect(lines.at(-1)).toMatchObject({ event: 'fatal_error', msg: 'no such topic' });
  });

  it('exits with 0 when a signal interrupts the start', async () => {
    const { application, host, exitCode } = run();
    await turn();
    host.emit('SIGTERM', 'SIGTERM');
    await application.closeCalled.promise;
    application.started.reject(new Error('interrupted'));
    await turn();
    application.end.resolve();
    expect(await exitCode).toBe(0);
  });

  it('exits with 1 when the last commit fails', async () => {
    const { application, host, lines, exitCode } = run();
    application.started.resolve();
    await turn();
    host.emit('SIGTERM', 'SIGTERM');
    await application.closeCalled.promise;
    application.end.reject(new Error('the commit failed'));
    expect(await exitCode).toBe(1);
    expect(lines.at(-1)).toMatchObject({ event: 'fatal_error', msg: 'the commit failed' });
  });

  it.each(['uncaughtException', 'unhandledRejection'])('exits with 1 without a commit at an %s', async (event) => {
    const { application, host, lines, exitCode } = run();
    application.started.resolve();
    await turn();
    const closed = jest.spyOn(application, 'close');
    host.emit(event, new Error('forgotten'));
    expect(await exitCode).toBe(1);
    expect(closed).not.toHaveBeenCalled();
    expect(lines.at(-1)).toMatchObject({ event: 'fatal_error', msg: 'forgotten' });
  });

  it('serves the state from before the start until the application has stopped', async () => {
    const { application, host, lines, exitCode } = run({ httpPort: 0 });
    const running = new Promise<void>((resolve) => {
      const original = application.start.bind(application);
      application.start = () => {
        resolve();
        return original();
      };
    });
    await running;
    const { port } = lines.find(({ event }) => event === 'http_server_started') as { port: number };
    const health = async () => (await fetch(`http://127.0.0.1:${port}/health`)).json();
    expect(await health()).toEqual({ state: 'RUNNING' });
    host.emit('SIGTERM', 'SIGTERM');
    await application.closeCalled.promise;
    application.state = 'PENDING_SHUTDOWN';
    expect(await health()).toEqual({ state: 'PENDING_SHUTDOWN' });
    application.end.resolve();
    expect(await exitCode).toBe(0);
    await expect(health()).rejects.toThrow();
  });

  it('exits with 1 when the port of the server is taken, before the application starts', async () => {
    const first = run({ httpPort: 0 });
    while (!first.lines.some(({ event }) => event === 'http_server_started')) await turn();
    const { port } = first.lines.find(({ event }) => event === 'http_server_started') as { port: number };
    const second = run({ httpPort: port });
    expect(await second.exitCode).toBe(1);
    expect(second.application.state).toBe('CREATED');
    expect(second.lines.at(-1)).toMatchObject({ event: 'fatal_error', err: { code: 'HTTP_SERVER_FAILED' } });
    first.host.emit('SIGTERM', 'SIGTERM');
    first.application.end.resolve();
    await first.exitCode;
  });
});
