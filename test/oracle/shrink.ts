/**
 * Drops elements of a list while a condition stays: large parts first, then smaller ones, until no single element can go.
 *
 * @param stays - is asked about shorter lists only; the given list is known to fulfil it
 */
export async function shrink<T>(
  list: readonly T[],
  stays: (shorter: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let kept = list;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let dropped = true;
    while (dropped) {
      dropped = false;
      for (let from = 0; from < kept.length;) {
        const shorter = [...kept.slice(0, from), ...kept.slice(from + size)];
        if (shorter.length < kept.length && (await stays(shorter))) {
          kept = shorter;
          dropped = true;
        } else {
          from += size;
        }
      }
    }
  }
  return kept;
}
