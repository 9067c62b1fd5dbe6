import type { Availability } from '../../src/checkpoint/availability';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import type {
  Begin,
  CheckpointRequest,
  ControlMessage,
  Cut,
  Ready,
  Stored,
} from '../../src/checkpoint/control-messages';
import {
  CheckpointCoordinator,
  type CompletedCheckpoints,
  type CoordinatorParts,
  type CoordinatorSettings,
} from '../../src/checkpoint/coordinator';
import { silentLogger } from '../../src/logging/logger';

export const TASKS = ['0_0', '0_1'];

export const DEFAULTS: CoordinatorSettings = {
  schedule: undefined,
  timeoutMs: 10_000,
  minPauseMs: 0,
  toleratedFailures: undefined,
};

/** The control topic of an application, its clock and its snapshot store, and coordinators that hear all that is said. Members are played. */
export class ControlTopic {
  readonly said: ControlMessage[] = [];
  /** Metadata that is in the store, oldest first. */
  readonly written: CheckpointMetadata[] = [];
  readonly retained: { readonly below: number; readonly inUse: string | undefined }[] = [];
  /** Reasons that were given for failing the application. */
  readonly fatal: string[] = [];
  time = 1_000;
  /** What every coordinator knows. */
  availability: Availability = { since: 0, failures: 0, replayedRecords: 0 };
  private readonly coordinators: CheckpointCoordinator[] = [];
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  private delivered = 0;
  private delivering = false;

  /** An instance's coordinator, which does not lead yet. */
  coordinator(
    settings: Partial<CoordinatorSettings> = {},
    completed: Partial<CompletedCheckpoints> = {},
    copyChannels: CoordinatorParts['copyChannels'] = async (channels) => channels,
  ): CheckpointCoordinator {
    const coordinator = new CheckpointCoordinator({
      applicationId: 'orders',
      tasks: TASKS,
      shape: () => ({ stores: {}, repartitionTopics: {} }),
      availability: () => this.availability,
      settings: { ...DEFAULTS, ...settings },
      completed: {
        load: async () => ({ kept: [...this.written], highestNumber: 0 }),
        write: async (metadata) => void this.written.push(metadata),
        retain: async (below, inUse) => {
          this.retained.push({ below, inUse: inUse?.id });
          return [...this.written];
        },
        ...completed,
      },
      repartitionsAreRead: () => Promise.resolve(true),
      copyChannels,
      send: (message) => this.say(message),
      now: () => this.time,
      setTimer: (callback, milliseconds) => {
        const timer = { at: this.time + milliseconds, callback };
        this.timers.add(timer);
        return () => void this.timers.delete(timer);
      },
      logger: silentLogger,
      onTooManyFailures: (reason) => void this.fatal.push(reason),
    });
    this.coordinators.push(coordinator);
    return coordinator;
  }

  /** All coordinators hear it, after all that was said before. */
  say(message: ControlMessage): void {
    this.said.push(structuredClone(message));
    if (this.delivering) return;
    this.delivering = true;
    while (this.delivered < this.said.length) {
      const next = this.said[this.delivered++]!;
      for (const coordinator of this.coordinators) coordinator.received(next);
    }
    this.delivering = false;
  }

  /** All tasks of a member are open. */
  ready(member: string, tasks: readonly string[] = TASKS, changes: Partial<Ready> = {}): void {
    this.say({ type: 'ready', generation: 1, member, producer: `${member}/1`, tasks: [...tasks], ...changes });
  }

  request(request: string, changes: Partial<CheckpointRequest> = {}): void {
    this.say({ type: 'request', request, kind: 'checkpoint', thenStop: false, ...changes });
  }

  /** Time goes by: what is due by then happens. */
  pass(milliseconds: number): void {
    this.time += milliseconds;
    for (const timer of [...this.timers]) {
      if (timer.at > this.time || !this.timers.delete(timer)) continue;
      timer.callback();
    }
  }

  /** The newest that began. */
  get begun(): Begin {
    return this.of('begin').at(-1)!;
  }

  of<Type extends ControlMessage['type']>(type: Type): Extract<ControlMessage, { type: Type }>[] {
    return this.said.filter((message): message is Extract<ControlMessage, { type: Type }> => message.type === type);
  }

  /** What was answered to a request, in order. */
  answersTo(request: string): string[] {
    return this.of('answer').flatMap((answer) => (answer.request === request ? [answer.outcome.status] : []));
  }

  cut(member: string, changes: Partial<Cut> = {}): void {
    const { generation, number } = this.begun;
    const about = { type: 'cut' as const, generation, number, member, producer: `${member}/1`, producerId: '7' };
    this.say({ ...about, tasks: [], barriers: [], ...changes });
  }

  stored(member: string, task: string, changes: Partial<Stored> = {}): void {
    const { generation, number } = this.begun;
    const snapshot = { task, inputs: [], changelogPositions: {}, files: [] };
    this.say({ type: 'stored', generation, number, member, snapshot, storedBytes: 10, milliseconds: 5, ...changes });
  }

  /** Every member does its part of the newest checkpoint that began. */
  async everyoneStores(...members: readonly string[]): Promise<void> {
    for (const member of members) this.cut(member);
    for (const task of TASKS) this.stored(members[0]!, task);
    await settled();
  }
}

/** Promises that wait for nothing but each other have come to rest. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
