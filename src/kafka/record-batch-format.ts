/** Where the fields of a record batch of format version 2 are, in bytes from its beginning. */
export const BatchField = {
  baseOffset: 0,
  /** Of everything after this field. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  /** CRC-32C of everything from `attributes` on. */
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const;

/** Bytes before the first record. */
export const BATCH_HEADER_SIZE = 61;
/** Bytes of a batch that its `length` field does not count. */
export const BATCH_LENGTH_OVERHEAD = 12;
export const MAGIC_V2 = 2;

export const BatchAttribute = {
  compressionMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;
