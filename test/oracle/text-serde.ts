import type { Serde } from '../../src';
import { textOf } from './expression';

/** Writes whatever a scenario's keys and values are as text: the counterpart of the Java program's `Text`. */
export const text: Serde<string> = {
  name: 'oracle-text',
  comparesByValue: true,
  serialize: (value) => Buffer.from(textOf(value)),
  deserialize: (bytes) => bytes.toString(),
};

export const textSerdes = { key: text, value: text };

/** Shows bytes in hexadecimal. */
export const hexadecimal: Serde<string> = {
  name: 'oracle-hexadecimal',
  serialize: (value) => Buffer.from(value, 'hex'),
  deserialize: (bytes) => bytes.toString('hex'),
};
