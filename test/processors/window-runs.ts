import type { KTable, StreamsBuilder, Windowed } from '../../src';
import { TopologyTestDriver } from '../../src/testing';
import { build, text } from '../topology/build';

/** A record as tests write it down. */
export type Input = readonly [key: string | null, value: string | null, timestamp: number];

/** Writes a windowed table's changes to the topic `out`, as `key@start/end` and the value as text. */
export function show<V>(table: KTable<Windowed<string>, V>): void {
  table
    .toStream()
    .map(({ key, start, end }, value) => [`${key}@${start}/${end}`, String(value)])
    .to('out', text);
}

export interface RunOptions {
  /** Before each record the task is killed. */
  readonly restart?: 'kept' | 'lost' | undefined;
}

/** What a topology that reads `in` forwards for each record: `key@start/end=value at timestamp`. */
export async function run(
  define: (builder: StreamsBuilder) => void,
  inputs: readonly Input[],
  { restart }: RunOptions = {},
): Promise<string[][]> {
  const driver = await TopologyTestDriver.open(build(define));
  const input = driver.createInputTopic('in', text);
  const out = driver.createOutputTopic('out', text);
  const results: string[][] = [];
  for (const [key, value, timestamp] of inputs) {
    if (restart !== undefined) await driver.restart({ state: restart });
    await input.pipeInput(key, value, { timestamp });
    results.push(out.readRecordsToList().map((record) => `${record.key}=${record.value} at ${record.timestamp}`));
  }
  await driver.close();
  return results;
}

/** How a run may be disturbed without changing its results. */
export const disturbances: readonly [name: string, options: RunOptions][] = [
  ['undisturbed', {}],
  ['killed before each record', { restart: 'kept' }],
  ['killed before each record, its state lost', { restart: 'lost' }],
];
