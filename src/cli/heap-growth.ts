import { setFlagsFromString } from 'node:v8';

/** Percent of what is alive after a collection. */
const HEAP_GROWTH = 70;

/**
 * Lets V8's heap grow to 1.7 times what is alive before it is collected again. By itself V8 lets it grow fourfold while the
 * program is fast, which for a service is memory that its container must have and never uses: the records of an epoch live long enough
 * to be moved to the old generation, where they are garbage soon after. Measured, and why not less: docs/performance.md.
 *
 * Before anything large is allocated, and for the whole process, so not for applications that embed Millrace.
 */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
}
