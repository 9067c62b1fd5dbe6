import { z } from 'zod';
import { SnapshotDamagedError } from './errors';
import type { DocumentOrigin } from './metadata-codec';

/** Says in the store that an application is being rewound. While it is there, what is in Kafka may be half of one state, half of another. */
export interface RestoreMark {
  /** Whose checkpoint or savepoint is restored: the application itself, or the one that it is a fork of. */
  readonly sourceApplicationId: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
}

const schema: z.ZodType<RestoreMark> = z.object({
  sourceApplicationId: z.string().min(1),
  id: z.string().min(1),
  beganAt: z.number(),
});

export function encodeRestoreMark(mark: RestoreMark): Buffer {
  return Buffer.from(`${JSON.stringify(mark)}\n`);
}

/** @throws {SnapshotDamagedError} */
export function decodeRestoreMark(document: Uint8Array, { store, object }: DocumentOrigin): RestoreMark {
  try {
    return schema.parse(JSON.parse(Buffer.from(document).toString()));
  } catch {
    throw new SnapshotDamagedError(store, object, 'it does not say what is being restored');
  }
}
