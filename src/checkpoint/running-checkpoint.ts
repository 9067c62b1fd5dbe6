import type { BarrierPosition, ChannelState, SnapshotInput, TaskSnapshot } from './checkpoint-metadata';
import { takesPart, type Begin, type CheckpointRequest, type Cut, type Ready, type Stored } from './control-messages';
import type { CheckpointTrigger } from './checkpoint-metadata';

/** What the members have said of a checkpoint that has begun, until it is complete. */
export class RunningCheckpoint {
  private readonly cuts = new Map<string, Cut>();
  private readonly stored = new Map<string, Stored>();

  constructor(
    readonly begin: Begin,
    readonly trigger: CheckpointTrigger,
    readonly request: CheckpointRequest | undefined,
    /** Milliseconds since 1970. */
    readonly beganAt: number,
    private readonly tasks: readonly string[],
  ) {}

  get number(): number {
    return this.begin.number;
  }

  is({ generation, number }: { readonly generation: number; readonly number: number }): boolean {
    return generation === this.begin.generation && number === this.begin.number;
  }

  /** A member whose tasks were opened again, with another producer: what it cuts from now on would not be the cut that began. */
  isBrokenBy(ready: Ready): boolean {
    return ready.generation === this.begin.generation && !takesPart(ready, this.begin.participants);
  }

  hasCut(cut: Cut): void {
    this.cuts.set(cut.member, cut);
  }

  hasStored(stored: Stored): void {
    this.stored.set(stored.snapshot.task, stored);
  }

  get isComplete(): boolean {
    return (
      this.begin.participants.every(({ member, producer }) => this.cuts.get(member)?.producer === producer) &&
      this.tasks.every((task) => this.stored.has(task))
    );
  }

  /** Whose word is missing, for the log. */
  get missing(): readonly string[] {
    return this.tasks.filter((task) => !this.stored.has(task));
  }

  get snapshots(): readonly TaskSnapshot[] {
    return this.tasks.map((task) => this.stored.get(task)!.snapshot);
  }

  get storedBytes(): number {
    return [...this.stored.values()].reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  }

  get slowestTask(): { readonly task: string; readonly milliseconds: number } | undefined {
    const slowest = [...this.stored.values()].sort((a, b) => b.milliseconds - a.milliseconds)[0];
    return slowest === undefined ? undefined : { task: slowest.snapshot.task, milliseconds: slowest.milliseconds };
  }

  get channels(): readonly ChannelState[] {
    return channelsOf(
      this.snapshots.flatMap(({ inputs }) => inputs),
      [...this.cuts.values()],
    );
  }
}

/** The repartition partitions that held records at the cut. */
export function channelsOf(inputs: readonly SnapshotInput[], cuts: readonly Cut[]): ChannelState[] {
  return inputs.flatMap(({ topic, partition, offset }): ChannelState[] => {
    if (!topic.internal) return [];
    const barriers = cuts.flatMap((cut): BarrierPosition[] =>
      cut.barriers
        .filter((barrier) => barrier.topic.name === topic.name && barrier.partition === partition)
        .map((barrier) => ({ producerId: cut.producerId, offset: barrier.offset })),
    );
    const last = Math.max(...barriers.map((barrier) => barrier.offset));
    return offset < last ? [{ topic, partition, from: offset, barriers }] : [];
  });
}
