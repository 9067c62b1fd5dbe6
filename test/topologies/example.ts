import { readFileSync } from 'node:fs';
import path from 'node:path';
import { serdes, StreamsBuilder } from '../../src';
import type { Serde, TopologyModule } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';

interface Row {
  readonly topic: string;
  readonly key: string;
  readonly value: unknown;
  readonly timestamp: number;
}

const root = path.join(__dirname, '../..');
const json: { readonly key: Serde<string>; readonly value: Serde<unknown> } = {
  key: serdes.string,
  value: serdes.json(),
};

/** Pipes the sample data of an example through its topology; gives the lines that its page shows: `topic key value @time`. */
export async function outputOf(
  example: string,
  write: TopologyModule,
  topics: readonly string[],
  options: TopologyTestDriverOptions & { readonly restarts?: boolean } = {},
): Promise<string[]> {
  const builder = new StreamsBuilder();
  if (typeof write !== 'function') throw new Error('an example is a function');
  write(builder);
  const driver = await TopologyTestDriver.open(builder.build(), options);
  const outputs = topics.map((topic) => driver.createOutputTopic(topic, json));
  const lines: string[] = [];
  for (const row of sample(example)) {
    if (options.restarts === true) await driver.restart({ state: 'lost' });
    const { topic, key, value, timestamp } = row;
    await driver.createInputTopic(topic, json).pipeInput(key, value, { timestamp });
    for (const output of outputs)
      for (const record of output.readRecordsToList())
        lines.push(shown({ ...record, key: record.key!, topic: output.name }));
  }
  await driver.close();
  return lines;
}

/** The lines of the two blocks of an example's page that show what goes in and what comes out. */
export function documented(example: string): { readonly input: readonly string[]; readonly output: readonly string[] } {
  const page = readFileSync(path.join(root, 'docs/examples', `${example}.md`), 'utf8');
  const [input, output] = [...page.matchAll(/```text\n(.*?)```/gs)].map(([, block]) => block!.trim().split('\n'));
  return { input: input!, output: output! };
}

/** The sample data of an example, as its page shows it. */
export function inputOf(example: string): string[] {
  return sample(example).map(shown);
}

function sample(example: string): readonly Row[] {
  return JSON.parse(readFileSync(path.join(root, 'topologies/data', `${example}.json`), 'utf8')) as readonly Row[];
}

function shown({ topic, key, value, timestamp }: Row): string {
  return `${topic} ${key} ${JSON.stringify(value)} @${timestamp}`;
}
