import { DeserializationError, SerializationError } from './errors';
import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

const NAME = 'decimal-text';
const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?$/;

/**
 * A finite number as decimal text, `42` or `-0.5`, for topics that people and command line tools read. It is written as
 * JavaScript and JSON write numbers, so that equal numbers have equal bytes.
 */
export const decimalText: Serde<number> = hideShortcuts({
  name: NAME,
  comparesByValue: true,
  serialize: (value) => Buffer.from(textOf(value), 'latin1'),
  serializeInto: (value, target, start) => {
    const text = textOf(value);
    return start + text.length > target.length ? -1 : target.write(text, start, 'latin1');
  },
  deserialize: (bytes) => read(bytes, 0, bytes.length),
  deserializeRange: read,
});

function textOf(value: number): string {
  if (!Number.isFinite(value)) throw new SerializationError(NAME, 'it is not a finite number');
  return String(value);
}

function read(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end);
  if (!DECIMAL.test(text)) throw new DeserializationError(NAME, 'the text is not a decimal number');
  return Number(text);
}
