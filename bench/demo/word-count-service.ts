import { ServiceProcess, type Exit, type LogLine } from '../../test/support/service-process';

export interface WordCountServiceOptions {
  readonly brokers: readonly string[];
  readonly applicationId: string;
  readonly stateDir: string;
}

/** A process that starts on a loaded machine takes its time. */
const START_TIMEOUT_MS = 60_000;

/** What a process did before it took up work. */
export interface Takeover {
  /** From the start of the process until every task was running, in milliseconds. */
  readonly milliseconds: number;
  /** Changelog records that were missing in the state on disk. */
  readonly restoredRecords: number;
}

/** `millrace run topologies/word-count`, one process at a time, each with the state that the one before it left on disk. */
export class WordCountService {
  /** Rejects when a process ends that nobody asked to end. */
  readonly failed: Promise<never>;
  private fail!: (error: Error) => void;
  private process: ServiceProcess | undefined;
  private state = 'not started';
  private port: number | undefined;

  constructor(private readonly options: WordCountServiceOptions) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
  }

  /** One phrase for the display. */
  describe(): string {
    return this.process === undefined ? this.state : `process ${this.pid}, ${this.state}`;
  }

  /** Where the process serves its metrics; undefined while there is none. */
  get metricsPort(): number | undefined {
    return this.port;
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** Starts a process and waits until it works. */
  async start(): Promise<Takeover> {
    const { brokers, applicationId, stateDir } = this.options;
    const startedAt = performance.now();
    let restoredRecords = 0;
    this.state = 'starting';
    const process = ServiceProcess.start({
      args: [
        ...['run', 'dist/topologies/word-count.js'],
        ...['--application-id', applicationId, '--brokers', brokers.join(','), '--state-dir', stateDir],
        ...['--http-port', '0', '--log-format', 'json'],
      ],
      onLine: (line) => {
        if (line['event'] === 'state_changed') this.state = String(line['to']);
        if (line['event'] === 'restored') restoredRecords += Number(line['records']);
      },
    });
    this.process = process;
    void process.end().then((exit) => this.ended(process, exit));
    const served = await process.until(({ event }) => event === 'http_server_started', {
      what: 'its metrics endpoint',
    });
    this.port = Number(served['port']);
    await process.until(isRunning, { what: 'the state RUNNING', timeoutMs: START_TIMEOUT_MS });
    return { milliseconds: performance.now() - startedAt, restoredRecords };
  }

  /** SIGKILL: no goodbye, no commit. */
  async kill(): Promise<void> {
    await this.take('killed')?.kill();
  }

  /** SIGTERM: commits, leaves the group. @throws Error when its exit code is not 0 */
  async terminate(): Promise<void> {
    const process = this.take('stopped');
    const exit = await process?.terminate();
    if (exit?.code !== 0) throw new Error(`The service did not stop cleanly: ${describeEnd(exit, process?.log ?? [])}`);
  }

  private take(state: string): ServiceProcess | undefined {
    const { process } = this;
    this.process = undefined;
    this.state = state;
    this.port = undefined;
    return process;
  }

  private ended(process: ServiceProcess, exit: Exit): void {
    if (this.process !== process) return;
    this.take('ended by itself');
    this.fail(new Error(`The service ended by itself: ${describeEnd(exit, process.log)}`));
  }
}

function isRunning({ event, to }: LogLine): boolean {
  return event === 'state_changed' && to === 'RUNNING';
}

function describeEnd(exit: Exit | undefined, log: readonly LogLine[]): string {
  const lines = log.slice(-10).map((line) => JSON.stringify(line));
  return `exit code ${exit?.code ?? 'none'}, signal ${exit?.signal ?? 'none'}. Its last lines:\n${lines.join('\n')}`;
}
