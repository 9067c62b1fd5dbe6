import type { BarrierPosition } from './checkpoint-metadata';

/**
 * Tells which records of a repartition partition were on their way when a checkpoint cut through it.
 *
 * A producer that wrote a barrier had sent, at its cut, what lies before its barrier. Any other producer had stopped before the
 * checkpoint began, or began after it had ended: what it sent before lies before every barrier.
 */
export class ChannelCut {
  /** The first barrier: where the records end of producers without one. */
  private readonly first: number;
  private readonly byProducer = new Map<string, number>();
  /** No record at this offset or behind it was on its way. 0 without barriers: nobody sends to such a partition. */
  readonly end: number;

  constructor(barriers: readonly BarrierPosition[]) {
    for (const { producerId, offset } of barriers)
      this.byProducer.set(producerId, Math.min(offset, this.byProducer.get(producerId) ?? Infinity));
    this.first = Math.min(...this.byProducer.values());
    this.end = Math.max(0, ...this.byProducer.values());
  }

  /**
   * Whether a record at or behind the place where the receiver goes on was on its way.
   *
   * @param producerId - a 64-bit number in decimal; -1 for a producer without an identity
   */
  includes(producerId: string, offset: number): boolean {
    return this.byProducer.size > 0 && offset < (this.byProducer.get(producerId) ?? this.first);
  }
}
