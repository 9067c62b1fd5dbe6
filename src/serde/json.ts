import { DeserializationError, SerializationError } from './errors';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';
import { string } from './string';

const NAME = 'json';

/**
 * JSON as UTF-8 text.
 *
 * As a key use it with care: the bytes follow the order in which the properties were set, so `{a, b}` and `{b, a}` are two
 * keys.
 *
 * @param validate Gets what was parsed and returns the value, or throws when it is not one. Without it the parsed value is
 * taken for a `T` unseen.
 *
 * @example
 * const orders = json((value) => orderSchema.parse(value));
 */
export function json<T>(validate?: (value: unknown) => T): Serde<T> {
  const read = (bytes: Buffer, start: number, end: number): T => {
    const parsed = parse(string.deserializeRange!(bytes, start, end));
    if (validate === undefined) return parsed as T;
    try {
      return validate(parsed);
    } catch (cause) {
      throw new DeserializationError(NAME, 'the validation refused the value', { cause });
    }
  };
  return hideShortcuts({
    name: NAME,
    serialize: (value) => {
      const text = stringify(value);
      if (text === undefined)
        throw new SerializationError(NAME, 'JSON has no form for undefined, functions and symbols');
      return Buffer.from(text);
    },
    deserialize: (bytes) => read(bytes, 0, bytes.length),
    deserializeRange: read,
  });
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new SerializationError(NAME, 'it has a cycle, a bigint, or a toJSON that throws', { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes the text, which may be secret, so it is not kept as the cause.
    throw new DeserializationError(NAME, 'the text is not JSON');
  }
}
