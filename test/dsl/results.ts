import type { KnownSerdes, KStream, KTable } from '../../src';
import { serdes, StreamsBuilder } from '../../src';
import { TopologyTestDriver, type TopologyTestDriverOptions } from '../../src/testing';
import { text } from '../topology/build';

/** A record of a topic; without a timestamp, at 0. */
export type Row = readonly [topic: string, key: string | null, value: string | null, timestamp?: number];

/**
 * Pipes records through a topology, one by one, and returns what it writes to `out`: `key=value@timestamp` for each record, one
 * text for the records of each row.
 */
export async function results(
  write: (builder: StreamsBuilder) => void,
  rows: readonly Row[],
  options: TopologyTestDriverOptions & { readonly restarts?: boolean } = {},
): Promise<string[]> {
  const builder = new StreamsBuilder();
  write(builder);
  const driver = await TopologyTestDriver.open(builder.build(), options);
  const out = driver.createOutputTopic('out', text);
  const shown: string[] = [];
  for (const [topic, key, value, timestamp = 0] of rows) {
    if (options.restarts === true) await driver.restart({ state: shown.length % 2 === 0 ? 'kept' : 'lost' });
    await driver.createInputTopic(topic, text).pipeInput(key, value, { timestamp });
    const records = out.readRecordsToList();
    shown.push(records.map((record) => `${record.key}=${record.value}@${record.timestamp}`).join(' '));
  }
  await driver.close();
  return shown;
}

export function toOut<V extends string | null>(table: KTable<string, V>): void {
  streamToOut(table.toStream());
}

export function streamToOut<K extends string | null, V extends string | null, S extends KnownSerdes>(
  stream: KStream<K, V, S>,
): void {
  (stream as KStream<K, V>).to('out', { key: serdes.string, value: serdes.string } as never);
}
