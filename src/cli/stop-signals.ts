import type { Logger } from '../logging/logger';
import { SIGNAL_EXIT } from './exit-codes';

type StopSignal = keyof typeof SIGNAL_EXIT;

/** Listens to SIGTERM and SIGINT: the first asks for a clean stop, a second one ends the process at once. */
export class StopSignals {
  /** Resolves at the first signal. */
  readonly first: Promise<StopSignal>;
  private wasReceived = false;
  private readonly listener: (signal: NodeJS.Signals) => void;

  constructor(
    private readonly process: NodeJS.Process,
    logger: Logger,
  ) {
    const { promise, resolve } = deferred<StopSignal>();
    this.first = promise;
    this.listener = (signal) => {
      if (signal !== 'SIGTERM' && signal !== 'SIGINT') return;
      if (this.wasReceived) {
        logger.warn({ event: 'exit_forced', signal }, `second signal (${signal}): exiting without a commit`);
        process.exit(SIGNAL_EXIT[signal]);
      } else {
        this.wasReceived = true;
        logger.info(
          { event: 'signal_received', signal },
          `${signal}: committing and leaving the group; a second signal exits at once`,
        );
        resolve(signal);
      }
    };
    process.on('SIGTERM', this.listener);
    process.on('SIGINT', this.listener);
  }

  get received(): boolean {
    return this.wasReceived;
  }

  /** Stops listening; a signal then ends the process as it does by default. */
  ignore(): void {
    this.process.off('SIGTERM', this.listener);
    this.process.off('SIGINT', this.listener);
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
