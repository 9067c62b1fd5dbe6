import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { canonicalJson } from './canonical-json';
import type { CheckpointMetadata } from './checkpoint-metadata';
import { SnapshotDamagedError } from './errors';
import { metadataSchema } from './metadata-schema';

/**
 * Of the document. Higher when a Millrace that knows only lower ones would misread it; a member that may be ignored can be added
 * without that.
 */
export const FORMAT_VERSION = 1;

/** Where a document was read, for errors. */
export interface DocumentOrigin {
  /** As the store describes itself. */
  readonly store: string;
  readonly object: string;
}

/**
 * The metadata as one JSON document: `{"checkpoint": {...}, "formatVersion": 1, "sha256": "..."}`. The checksum is over the document
 * without it, in canonical form, so that a tool that writes the JSON in another way does no harm.
 *
 * @throws {RangeError} for what could not be read again, as a number that JSON does not keep exactly
 */
export function encodeMetadata(metadata: CheckpointMetadata): Buffer {
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) throw new RangeError(`The metadata of ${metadata.id} is not valid: ${describe(parsed.error)}`);
  if (canonicalJson(parsed.data) !== canonicalJson(metadata))
    throw new RangeError(`The metadata of ${metadata.id} has members that would be lost.`);
  const signed = { formatVersion: FORMAT_VERSION, checkpoint: metadata };
  return Buffer.from(`${canonicalJson({ ...signed, sha256: checksum(signed) })}\n`);
}

/** @throws {SnapshotDamagedError} when it is not what was written, or a newer Millrace wrote it */
export function decodeMetadata(document: Uint8Array, { store, object }: DocumentOrigin): CheckpointMetadata {
  const damaged = (damage: string): SnapshotDamagedError => new SnapshotDamagedError(store, object, damage);
  const { formatVersion, sha256, ...rest } = parseObject(document, damaged);
  if (typeof formatVersion === 'number' && formatVersion > FORMAT_VERSION) {
    throw damaged(
      `a newer Millrace wrote it, in format version ${formatVersion}, and this one reads versions up to ${FORMAT_VERSION}. Use the newer one`,
    );
  }
  if (formatVersion !== FORMAT_VERSION) throw damaged('it has no format version that is known');
  if (sha256 !== checksum({ formatVersion, ...rest })) throw damaged('its content does not fit its checksum');
  const parsed = metadataSchema.safeParse(rest['checkpoint']);
  if (!parsed.success) throw damaged(describe(parsed.error));
  return parsed.data;
}

function parseObject(document: Uint8Array, damaged: (damage: string) => Error): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(document));
  } catch {
    throw damaged('it is not JSON, or was cut off');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged('it is not a JSON object');
  return value as Record<string, unknown>;
}

function checksum(signed: Record<string, unknown>): string {
  return createHash('sha256').update(canonicalJson(signed)).digest('hex');
}

/** The first problem says enough: nobody is meant to mend the document by hand. */
function describe({ issues }: z.ZodError): string {
  const [issue] = issues;
  return `${['checkpoint', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'invalid'}`;
}
