import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MillraceOptions } from '../../src/config/millrace-config';
import type { CompiledServices } from './compiled-services';
import { ServiceProcess, type Exit, type LogLine } from './service-process';
import type { SelfSignal } from './services/service-settings';

/** What all services of a fleet have in common. */
export interface FleetOptions {
  readonly services: CompiledServices;
  readonly brokers: readonly string[];
  readonly applicationId: string;
  readonly topology: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Beside the quick time-outs of {@link QUICK}. */
  readonly options?: Partial<MillraceOptions>;
}

/** What one start of one service has for itself. */
export interface StartOptions {
  /** `when-told`: see `tell`. */
  readonly selfSignal?: SelfSignal | 'when-told';
  readonly options?: Partial<MillraceOptions>;
}

/** A dead instance is noticed after two seconds, and its open transaction ends after five. */
const QUICK = {
  commitIntervalMs: 50,
  sessionTimeoutMs: 2_000,
  heartbeatIntervalMs: 300,
  rebalanceTimeoutMs: 10_000,
  transactionTimeoutMs: 5_000,
  fetchMaxWaitMs: 100,
} satisfies Partial<MillraceOptions>;

/** Instances of one application, each with a state directory of its own that survives its restarts. */
export class ServiceFleet {
  private readonly root = mkdtempSync(path.join(tmpdir(), 'millrace-fleet-'));
  private readonly running = new Map<string, ServiceProcess>();
  private readonly opened = new Set<string>();
  /** What any process said of local state that it threw away as unusable, though it had been used before. */
  readonly lostStates: LogLine[] = [];

  constructor(private readonly fleet: FleetOptions) {}

  get applicationId(): string {
    return this.fleet.applicationId;
  }

  stateDirectory(instance: string): string {
    return path.join(this.root, instance);
  }

  start(instance: string, { selfSignal, options }: StartOptions = {}): ServiceProcess {
    const { services, brokers, applicationId, topology, parameters } = this.fleet;
    const file = this.signalFile(instance);
    rmSync(file, { force: true });
    const settings = {
      topology,
      parameters,
      selfSignal: selfSignal === 'when-told' ? { file } : selfSignal,
      options: {
        applicationId,
        brokers,
        stateDir: this.stateDirectory(instance),
        ...QUICK,
        ...this.fleet.options,
        ...options,
      },
    };
    const process = ServiceProcess.start({
      program: services.program('service'),
      args: [JSON.stringify(settings)],
      onLine: (line) => this.note(instance, line),
    });
    this.running.set(instance, process);
    return process;
  }

  /** From now on, visits of that failpoint count. The instance was started with `selfSignal: 'when-told'`. */
  tell(instance: string, selfSignal: SelfSignal): void {
    const file = this.signalFile(instance);
    writeFileSync(`${file}-unfinished`, JSON.stringify(selfSignal));
    renameSync(`${file}-unfinished`, file);
  }

  private signalFile(instance: string): string {
    return path.join(this.root, `${instance}-self-signal.json`);
  }

  private note(instance: string, line: LogLine): void {
    const { event, task, tasks } = line;
    if (event === 'tasks_opened') for (const id of tasks as string[]) this.opened.add(`${instance} ${id}`);
    const thrownAway = event === 'state_damaged' || event === 'state_wiped';
    // A kill may also cut the making of a database, which then has nothing in it.
    if (thrownAway && this.opened.has(`${instance} ${String(task)}`)) this.lostStates.push(line);
  }

  /** Fails when an instance that was not killed is gone, and says what its last lines were. */
  throwIfEnded(): void {
    for (const [instance, process] of this.running) {
      if (process.ended === undefined) continue;
      const last = process.log.slice(-5).map((line) => JSON.stringify(line));
      throw new Error(`${instance} ended by itself (${JSON.stringify(process.ended)}):\n${last.join('\n')}`);
    }
  }

  /** The process of the latest start. */
  process(instance: string): ServiceProcess {
    const process = this.running.get(instance);
    if (process === undefined) throw new Error(`${instance} was never started`);
    return process;
  }

  /** Every instance that was ever started. */
  get instances(): string[] {
    return [...this.running.keys()];
  }

  /** Resolves when every instance that runs has its tasks open. */
  async untilRunning(): Promise<void> {
    const alive = [...this.running.values()].filter(({ ended }) => ended === undefined);
    await Promise.all(alive.map((process) => process.until(running, { what: 'the running state', timeoutMs: 60_000 })));
  }

  /** Stops all that run with SIGTERM, together. */
  async terminateAll(timeoutMs?: number): Promise<Exit[]> {
    const alive = [...this.running.values()].filter(({ ended }) => ended === undefined);
    return Promise.all(alive.map((process) => process.terminate(timeoutMs)));
  }

  /** Kills what still runs and removes all state. */
  async dispose(): Promise<void> {
    const alive = [...this.running.values()].filter(({ ended }) => ended === undefined);
    await Promise.all(alive.map((process) => process.kill()));
    rmSync(this.root, { recursive: true, force: true });
  }
}

/* Log lines that tests wait for. */

/** It reached its failpoint. */
export const selfSignalled = (line: LogLine): boolean => line['event'] === 'self_signal';

/** The group gave it tasks: at least so many. */
export const assigned =
  (tasks: number) =>
  (line: LogLine): boolean =>
    line['event'] === 'assigned' && (line['tasks'] as readonly string[]).length >= tasks;

/** One of these lines, after what a service has said until now. */
export function fromNowOn(service: ServiceProcess, matches: (line: LogLine) => boolean): (line: LogLine) => boolean {
  const before = new Set(service.log);
  return (line) => !before.has(line) && matches(line);
}

/** A commit failed, with an error of this code. */
export const commitFailed =
  (...codes: readonly string[]) =>
  (line: LogLine): boolean =>
    line['event'] === 'commit_failed' && codes.includes((line['err'] as { code: string }).code);

/** All its tasks are open. */
export const running = (line: LogLine): boolean => line['event'] === 'state_changed' && line['to'] === 'RUNNING';
