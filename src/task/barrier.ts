import type { Headers } from '../serde/record';
import type { RecordCursor } from './task-io';

/**
 * What a stream thread writes into every repartition partition that it feeds when it takes its part of a checkpoint: all that it
 * wrote before is in its snapshot as sent, and nothing that it wrote after.
 */
export interface Barrier {
  /** The number of the checkpoint. */
  readonly checkpoint: number;
  /** Of the consumer group, when the checkpoint began. Of another generation it means nothing. */
  readonly generation: number;
}

/** Says what a task may not process now. */
export interface BarrierGate {
  /** True while no record of an input topic may be begun, and nothing that is due by the wall clock: what is on its way comes to its end. */
  readonly isDraining: boolean;
  /** False while nothing behind the barrier may be processed. Asked again and again. */
  mayPass(barrier: Barrier): boolean;
}

const BARRIER_HEADER = 'millrace.barrier';

/** A barrier is a record without key and value, with this header. */
export function barrierHeaders({ checkpoint, generation }: Barrier): Headers {
  return [{ key: BARRIER_HEADER, value: Buffer.from(`${generation}:${checkpoint}`) }];
}

/** The barrier that the cursor's current record is; undefined for every other record. */
export function barrierOf(cursor: RecordCursor): Barrier | undefined {
  if (cursor.keyStart >= 0 || cursor.valueStart >= 0) return undefined;
  const header = cursor.headers().find(({ key }) => key === BARRIER_HEADER);
  const parts = header?.value?.toString().split(':').map(Number);
  if (parts?.length !== 2 || !parts.every(Number.isInteger)) return undefined;
  return { generation: parts[0]!, checkpoint: parts[1]! };
}
