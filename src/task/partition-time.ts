/*
 * The highest timestamp that a task has processed of an input partition. It is committed as the metadata of the partition's offset, in
 * the format of Kafka Streams: base64 of a version byte and the time as a big-endian int64. So stream time is the same after a task
 * was opened again, elsewhere too, and it goes back when the committed offset does.
 */

const VERSION = 1;
/** Kafka Streams' newer version appends more to the same beginning. */
const NEWEST_KNOWN_VERSION = 2;
const LENGTH = 9;

/** The time of a partition of which nothing was processed yet. */
export const NO_PARTITION_TIME = -1;

/** Empty where there is no time yet. */
export function encodePartitionTime(time: number): string {
  if (time === NO_PARTITION_TIME) return '';
  const bytes = Buffer.allocUnsafe(LENGTH);
  bytes[0] = VERSION;
  bytes.writeBigInt64BE(BigInt(time), 1);
  return bytes.toString('base64');
}

/** Metadata that somebody else wrote, as a tool that resets offsets does, says nothing about the time. */
export function decodePartitionTime(metadata: string): number {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(metadata)) return NO_PARTITION_TIME;
  const bytes = Buffer.from(metadata, 'base64');
  if (bytes.length < LENGTH || bytes[0]! < VERSION || bytes[0]! > NEWEST_KNOWN_VERSION) return NO_PARTITION_TIME;
  const time = Number(bytes.readBigInt64BE(1));
  return Number.isSafeInteger(time) && time >= 0 ? time : NO_PARTITION_TIME;
}
