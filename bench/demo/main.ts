import { Cleanup } from './cleanup';
import { runDemo } from './demo';
import { createDisplay } from './progress-display';

/** What a shell expects of a process that a signal ended: 128 and the signal's number. */
const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

async function main(): Promise<void> {
  const cleanup = new Cleanup();
  let interrupted = false;
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true;
      process.stderr.write(`${signal}: stopping what the demo started\n`);
      void cleanup.run().then(() => process.exit(SIGNAL_EXIT[signal]));
    });
  }
  const display = await createDisplay(process.stdout, () => performance.now());
  let exitCode = 1;
  try {
    if (await runDemo(display, cleanup)) exitCode = 0;
  } catch (error) {
    // What cleaning up breaks is no failure, and the signal decides the exit code.
    if (interrupted) return;
    display.end();
    process.stderr.write(`The demo failed. ${(error as Error).message}\n`);
  }
  await cleanup.run();
  process.exit(exitCode);
}

void main();
