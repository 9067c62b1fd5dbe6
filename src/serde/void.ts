import { DeserializationError } from './errors';
import type { Serde } from './serde';

const NAME = 'void';
const NOTHING = Buffer.alloc(0);

/** For keys or values that are always null, as Java's VoidSerializer: bytes that are there are an error. */
export const voidSerde: Serde<null> = {
  name: NAME,
  serialize: () => NOTHING,
  deserialize: () => {
    throw new DeserializationError(NAME, 'expected no key or value at all, found one');
  },
};
