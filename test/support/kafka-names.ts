import { randomUUID } from 'node:crypto';

const run = randomUUID().slice(0, 8);
let count = 0;

/** A topic, group, application or transactional id that no other test uses: `orders-1f0c9a3e-7`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${run}-${++count}`;
}
