import type { BarrierPosition } from './checkpoint-metadata';

/** Says which records of a repartition partition were on their way at the cut: see {@link ChannelState}. */
export class ChannelRule {
  private readonly barrierOf: ReadonlyMap<string, number>;
  private readonly first: number;
  /** Nothing from here on counts. */
  readonly end: number;

  constructor(barriers: readonly BarrierPosition[]) {
    this.barrierOf = new Map(barriers.map(({ producerId, offset }) => [producerId, offset]));
    const offsets = barriers.map(({ offset }) => offset);
    this.first = offsets.length === 0 ? 0 : Math.min(...offsets);
    this.end = offsets.length === 0 ? 0 : Math.max(...offsets);
  }

  /** Whether a record was sent before its sender's cut. */
  counts(producerId: string, offset: number): boolean {
    return offset < (this.barrierOf.get(producerId) ?? this.first);
  }
}
