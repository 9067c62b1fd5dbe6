import type { Serde } from './serde';

const SHORTCUTS = ['serializeInto', 'deserializeRange', 'comparesByValue'] as const;

/**
 * Keeps what a serde has for speed alone out of copies of it: whoever writes `{ ...serdes.string, serialize: mine }` gets a serde that
 * does what its own functions say, and not one that goes past them.
 */
export function hideShortcuts<T>(serde: Serde<T>): Serde<T> {
  for (const shortcut of SHORTCUTS)
    if (serde[shortcut] !== undefined) Object.defineProperty(serde, shortcut, { enumerable: false });
  return serde;
}
