import { StreamsBuilder } from '../../src';
import type { Serde } from '../../src';
import { TopologyTestDriver } from '../../src/testing';

/**
 * Pipes the records of lines `topic key=value@timestamp -> results` through a topology, one by one, and returns the lines with what
 * comes out: `key=value@timestamp` for each record of any topic. The serdes are those of the topology.
 */
export async function resultsOf(
  write: (builder: StreamsBuilder) => unknown,
  lines: readonly string[],
): Promise<string[]> {
  const builder = new StreamsBuilder();
  await write(builder);
  const topology = builder.build();
  const driver = await TopologyTestDriver.open(topology);
  const nodes = [...topology.nodes.values()];
  const seen = new Set<string>();
  const outputs = nodes.flatMap((node) => {
    if (node.kind !== 'sink' || typeof node.topic === 'function' || node.topic.internal) return [];
    if (seen.has(node.topic.name)) return [];
    seen.add(node.topic.name);
    return driver.createOutputTopic(node.topic.name, { key: node.keySerde, value: node.valueSerde });
  });
  const serdesOf = (topic: string): { readonly key: Serde<unknown>; readonly value: Serde<unknown> } => {
    const source = nodes.find((node) => node.kind === 'source' && node.topics.some(({ name }) => name === topic));
    if (source?.kind === 'source') return { key: source.keySerde, value: source.valueSerde };
    const table = [...topology.globalTables.values()].find((each) => each.topic.name === topic)!;
    return { key: table.keySerde, value: table.valueSerde };
  };
  const shown: string[] = [];
  for (const line of lines) {
    const [input, topic, key, value, timestamp] = /^(\S+) (\w+)=(\S+)@(\d+)/.exec(line) as unknown as string[];
    const serdes = serdesOf(topic!);
    await driver
      .createInputTopic(topic!, serdes)
      .pipeInput(key === 'null' ? null : key, read(value!, serdes.value), { timestamp: Number(timestamp) });
    const results = outputs.flatMap((output) =>
      output.readRecordsToList().map((each) => `${show(each.key)}=${show(each.value)}@${each.timestamp}`),
    );
    shown.push(`${input} -> ${results.join(' ')}`.trim());
  }
  await driver.close();
  return shown;
}

function read(value: string, { name }: Serde<unknown>): unknown {
  if (value === 'null') return null;
  return name === 'string' ? value : JSON.parse(value);
}

function show(shown: unknown): string {
  if (typeof shown === 'string') return shown;
  if (typeof shown !== 'object' || shown === null || !('start' in shown && 'key' in shown && 'end' in shown)) {
    return JSON.stringify(shown);
  }
  return `${String(shown.key)}@${String(shown.start)}/${String(shown.end)}`;
}
