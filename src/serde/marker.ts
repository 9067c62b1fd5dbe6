import type { Serde } from './serde';

/** The value of entries that say all they have to say by their key and timestamp. Stored as no bytes at all. */
export const MARKER = Object.freeze({});

const NO_BYTES = Buffer.alloc(0);

/**
 * A serde that also takes the {@link MARKER}. Who reads an entry knows by its key whether it is one, so that values of no bytes,
 * which some serdes have, stay what they are.
 */
export function orMarker<T>(inner: Serde<T>): Serde<unknown> {
  const deserialize = (bytes: Buffer): unknown => {
    if (bytes.length > 0) return inner.deserialize(bytes);
    try {
      return inner.deserialize(bytes) ?? MARKER;
    } catch {
      return MARKER;
    }
  };
  return {
    name: inner.name,
    comparesByValue: inner.comparesByValue === true,
    serialize: (value) => (value === MARKER ? NO_BYTES : inner.serialize(value as T)),
    ...(inner.serializeInto !== undefined && {
      serializeInto: (value: unknown, target: Buffer, start: number) =>
        value === MARKER ? 0 : inner.serializeInto!(value as T, target, start),
    }),
    deserialize,
    ...(inner.deserializeRange !== undefined && {
      deserializeRange: (bytes: Buffer, start: number, end: number) =>
        end > start ? inner.deserializeRange!(bytes, start, end) : deserialize(NO_BYTES),
    }),
  };
}
