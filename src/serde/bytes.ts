import { hideShortcuts } from './hide-shortcuts';
import type { Serde } from './serde';

/** Bytes as they are. What is read may share memory with the fetched batch: copy it before changing it. */
export const bytes: Serde<Buffer> = hideShortcuts({
  name: 'bytes',
  serialize: (value) => value,
  deserialize: (value) => value,
  deserializeRange: (value, start, end) => value.subarray(start, end),
});
