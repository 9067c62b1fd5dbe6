import type { ErrorLocation } from '../errors/millrace-error';
import { MillraceError } from '../errors/millrace-error';

/**
 * A value cannot be written in the format of its serde. The message names the format and what is wrong, never the value
 * itself: values may be secret.
 */
export class SerializationError extends MillraceError {
  readonly code = 'SERIALIZATION_FAILED';
  /** The serde's name. */
  readonly format: string;

  constructor(format: string, problem: string, options: { cause?: unknown; location?: ErrorLocation } = {}) {
    super(
      `Cannot serialize a value as ${format}: ${problem}. Give the operator a serde that fits the values, or change the values before they get there.`,
      options,
    );
    this.format = format;
  }
}

/**
 * Bytes are not in the format of the serde that reads them. The message names the format and what is wrong, never the bytes
 * themselves. The deserialization handler decides what happens to the record.
 */
export class DeserializationError extends MillraceError {
  readonly code = 'DESERIALIZATION_FAILED';
  /** The serde's name. */
  readonly format: string;

  constructor(format: string, problem: string, options: { cause?: unknown; location?: ErrorLocation } = {}) {
    super(
      `Cannot deserialize bytes as ${format}: ${problem}. Check which serde the producer of this topic uses.`,
      options,
    );
    this.format = format;
  }
}
