import { committedBatches, type ClusterClient, type LogRecord } from '../kafka';
import { barrierOf } from '../task/barrier';
import type { RecordCursor } from '../task/task-io';
import { ChannelCut } from './channel-cut';
import type { ChannelState } from './checkpoint-metadata';

/**
 * The records on their way through a repartition partition at the cut of a checkpoint, in order, read from its log.
 *
 * @param topic - as Kafka calls it
 * @throws {@link OffsetOutOfRangeError} when the log no longer has all of them
 */
export async function* readChannelRecords(
  cluster: ClusterClient,
  topic: string,
  { partition, from, barriers }: Pick<ChannelState, 'partition' | 'from' | 'barriers'>,
  signal?: AbortSignal,
): AsyncGenerator<LogRecord> {
  const cut = new ChannelCut(barriers);
  for await (const batch of committedBatches(cluster, { topic, partition, from, to: cut.end }, signal)) {
    const producerId = String(batch.producerId);
    if (!cut.includes(producerId, batch.baseOffset)) continue;
    while (batch.next()) {
      if (!cut.includes(producerId, batch.offset)) break;
      if (barrierOf(batch) === undefined) yield recordAt(batch);
    }
  }
}

function recordAt(cursor: RecordCursor): LogRecord {
  const { timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
  return {
    timestamp,
    key: keyStart < 0 ? null : bytes.subarray(keyStart, keyEnd),
    value: valueStart < 0 ? null : bytes.subarray(valueStart, valueEnd),
    headers: cursor.headers(),
  };
}
