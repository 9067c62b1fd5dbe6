import { DeserializationError, SerializationError } from './errors';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'uuid';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID in lower case, `123e4567-e89b-12d3-a456-426614174000`, as 36 bytes of text: the format of Java's UUIDSerializer. */
export const uuid: Serde<string> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  serialize: (value) => {
    // In two cases of letters one UUID would be two keys.
    if (!UUID.test(value)) throw new SerializationError(NAME, 'it is not a UUID in lower case');
    return Buffer.from(value, 'latin1');
  },
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function read(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('latin1', start, end).toLowerCase();
  if (!UUID.test(text)) throw new DeserializationError(NAME, 'the text is not a UUID');
  return text;
}
