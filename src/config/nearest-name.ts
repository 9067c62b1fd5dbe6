/** The name of `candidates` that `name` was most likely meant to be; undefined when all differ in more than `maxEdits` characters. */
export function nearestName(
  name: string,
  candidates: Iterable<string>,
  maxEdits = Math.max(2, Math.floor(name.length / 3)),
): string | undefined {
  let nearest: string | undefined;
  let smallest = maxEdits + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** How many characters must be inserted, deleted or replaced to turn `a` into `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
