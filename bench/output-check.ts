import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { BenchContext } from './context';
import { numberOf, runJavaTool } from './java-tool';

/**
 * Reads the output of a finished run as a read_committed consumer, compares the last value of every key with the exact
 * count, looks for updates that came twice, and gives the number of records.
 *
 * @throws Error when a count is missing, wrong, or was written again
 */
export async function checkOutput(context: BenchContext, topic: string, expected: Int32Array): Promise<number> {
  const into = path.join(context.folder, `${topic}.counts`);
  const read = await runJavaTool(context.classPath, 'FinalCounts', {
    brokers: context.cluster.brokers.join(','),
    topic,
    keys: expected.length,
    into,
  });
  const bytes = await readFile(into);
  await rm(into);
  let wrong = 0;
  let example = '';
  for (let key = 0; key < expected.length; key++) {
    const actual = bytes.readInt32LE(key * Int32Array.BYTES_PER_ELEMENT);
    if (actual === expected[key]) continue;
    wrong++;
    example ||= `key ${key}: ${actual} instead of ${expected[key]}`;
  }
  if (wrong > 0) throw new Error(`${topic}: ${wrong} of ${expected.length} counts are wrong (${example})`);
  const repeated = numberOf(read, 'notGrowing');
  if (repeated > 0)
    throw new Error(`${topic}: ${repeated} updates were written although their key had that count already`);
  return numberOf(read, 'records');
}
