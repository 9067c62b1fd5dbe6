import { serdes } from '../../src/serde/serdes';
import { readTopic } from '../support/kafka-clients';
import type { ReadRecord } from '../support/topic-reader';
import { PARTITION_TOTAL, type CountingTopics } from '../support/services/counting';
import { databaseFaults } from './database-check';

/** What the lines of a topic lead to, without failures. */
export interface CountingTruth {
  readonly lines: number;
  readonly words: number;
  readonly byWord: ReadonlyMap<string, number>;
  readonly byAccount: ReadonlyMap<string, number>;
  readonly byPartition: ReadonlyMap<string, number>;
}

/** What a run of the counting topology left behind. */
export interface CountingEvidence {
  readonly brokers: readonly string[];
  readonly applicationId: string;
  readonly topics: CountingTopics;
  /** `stateDir` of each instance that ever ran. All must be stopped. */
  readonly stateDirectories: readonly string[];
}

/** Folds the input, as it is in Kafka. */
export async function countingTruth(brokers: readonly string[], topics: CountingTopics): Promise<CountingTruth> {
  const input = await readTopic(brokers, topics.lines);
  const byWord = new Map<string, number>();
  const byAccount = new Map<string, number>();
  const byPartition = new Map<string, number>();
  let words = 0;
  for (const { key, value, partition } of input) {
    increment(byAccount, text(key));
    increment(byPartition, String(partition));
    for (const word of text(value).split(' ')) {
      increment(byWord, word);
      words++;
    }
  }
  return { lines: input.length, words, byWord, byAccount, byPartition };
}

/**
 * Holds outputs, changelogs and local databases against the input. Empty when all is exactly as without failures: for every
 * key the counts 1, 2, 3 ... n in order, changelogs that say n, and databases that say what the changelog says up to their position.
 */
export async function findCountingFaults(truth: CountingTruth, evidence: CountingEvidence): Promise<string[]> {
  const { brokers, topics } = evidence;
  const [counts, ledger] = await Promise.all([readTopic(brokers, topics.counts), readTopic(brokers, topics.ledger)]);
  return [
    ...sequenceFaults('count', counts, truth.byWord, ({ key, value }) => [text(key), text(value)]),
    ...sequenceFaults('line of account', ledger, truth.byAccount, ({ key, value }) => [text(key), words(value)[0]!]),
    ...sequenceFaults('line of partition', ledger, truth.byPartition, ({ partition, value }) => [
      String(partition),
      words(value)[1]!,
    ]),
    ...(await findStateFaults(truth, evidence)),
  ];
}

/** As {@link findCountingFaults}, without the outputs. */
export async function findStateFaults(truth: CountingTruth, evidence: CountingEvidence): Promise<string[]> {
  const { brokers, applicationId, topics, stateDirectories } = evidence;
  const [countsChangelog, ledgerChangelog] = await Promise.all([
    readTopic(brokers, `${applicationId}-counts-changelog`),
    readTopic(brokers, `${applicationId}-ledger-changelog`),
  ]);
  const faults = [
    ...foldFaults('counts changelog', countsChangelog, truth.byWord, ({ key }) => text(key)),
    ...foldFaults(
      'ledger changelog',
      ledgerChangelog,
      new Map([...truth.byAccount, ...truth.byPartition]),
      ({ key, partition }) => (text(key) === PARTITION_TOTAL ? String(partition) : text(key)),
    ),
  ];
  const changelogs = new Map([
    ['counts', countsChangelog],
    ['ledger', ledgerChangelog],
  ]);
  for (const directory of stateDirectories) {
    faults.push(...(await databaseFaults(directory, applicationId, topics, changelogs)));
  }
  return faults;
}

/** Counts that only have to reach n: nothing missing, some perhaps twice (at least once). */
export async function findMissingCounts(truth: CountingTruth, evidence: CountingEvidence): Promise<string[]> {
  const counts = await readTopic(evidence.brokers, evidence.topics.counts);
  const highest = new Map<string, number>();
  for (const { key, value } of counts) {
    highest.set(text(key), Math.max(highest.get(text(key)) ?? 0, Number(text(value))));
  }
  return [...truth.byWord].flatMap(([word, expected]) => {
    const found = highest.get(word) ?? 0;
    return found < expected ? [`count of '${word}' reached ${found}, expected at least ${expected}`] : [];
  });
}

/** Each name's numbers must be 1, 2, 3 ... in the order of the topic. */
export function sequenceFaults(
  what: string,
  records: readonly ReadRecord[],
  expected: ReadonlyMap<string, number>,
  entry: (record: ReadRecord) => [name: string, number: string],
): string[] {
  const faults: string[] = [];
  const last = new Map<string, number>();
  for (const record of records) {
    const [name, number] = entry(record);
    const before = last.get(name) ?? 0;
    const found = Number(number);
    if (found !== before + 1) {
      const where = `partition ${record.partition}, offset ${record.offset}`;
      faults.push(`${what} '${name}' ${found > before ? 'skips' : 'repeats'}: ${found} after ${before} (${where})`);
    }
    last.set(name, found);
  }
  for (const [name, count] of expected) {
    const found = last.get(name) ?? 0;
    if (found !== count) faults.push(`${what} '${name}' ends at ${found}, expected ${count}`);
  }
  for (const name of last.keys()) if (!expected.has(name)) faults.push(`${what} '${name}' is not in the input`);
  return faults;
}

function foldFaults(
  what: string,
  changelog: readonly ReadRecord[],
  expected: ReadonlyMap<string, number>,
  nameOf: (record: ReadRecord) => string,
): string[] {
  const found = new Map<string, number>();
  for (const record of changelog) {
    if (record.value === null) found.delete(nameOf(record));
    else found.set(nameOf(record), serdes.int64AsNumber.deserialize(record.value));
  }
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].flatMap((name) =>
    found.get(name) === expected.get(name)
      ? []
      : [`${what}: '${name}' is ${found.get(name)}, expected ${expected.get(name)}`],
  );
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function text(bytes: Buffer | null): string {
  return bytes?.toString() ?? '';
}

function words(bytes: Buffer | null): string[] {
  return text(bytes).split(' ');
}
