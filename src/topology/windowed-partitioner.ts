import { partitionForKey } from '../serde/partition-for-key';
import type { Serde } from '../serde/serde';
import { innerKeySerde, type Windowed } from '../serde/windowed';
import type { StreamPartitioner } from './graph';

/**
 * Windowed keys go where the keys within them belong, as with Kafka Streams: all windows of a key into one partition.
 *
 * @returns undefined where the keys are not windowed
 */
export function windowedPartitioner(keySerde: Serde<unknown>): StreamPartitioner<unknown, unknown> | undefined {
  const inner = innerKeySerde(keySerde);
  if (inner === undefined) return undefined;
  return (key, _value, partitionCount) =>
    partitionCount === 1 || key === null || key === undefined
      ? 0
      : partitionForKey(inner.serialize((key as Windowed<unknown>).key), partitionCount);
}
