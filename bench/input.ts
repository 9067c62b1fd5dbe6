import type { BenchContext } from './context';
import { runJavaTool } from './java-tool';
import type { KeySequence } from './key-sequence';
import { expectedCounts } from './key-sequence';

/** A topic that was filled before the engines start, and what they must make of it. */
export interface Input {
  readonly topic: string;
  readonly records: number;
  readonly expected: Int32Array;
}

/** Fills a topic; every run of both engines reads the same one. */
export async function createInput(context: BenchContext, shape: Omit<KeySequence, 'seed'>): Promise<Input> {
  const sequence: KeySequence = { ...shape, seed: context.seed };
  const topic = `bench-${context.session}-input-${shape.records}-${shape.keys}-${shape.distinct}`;
  context.log(`writing ${shape.records.toLocaleString('en')} records of ${shape.keys.toLocaleString('en')} keys`);
  await context.cluster.createTopic(topic);
  await runJavaTool(context.classPath, 'LoadGenerator', {
    brokers: context.cluster.brokers.join(','),
    topic,
    ...sequence,
  });
  return { topic, records: shape.records, expected: expectedCounts(sequence) };
}
