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

/** When the records of an input happened. */
export interface InputTime {
  /** Milliseconds since 1970. */
  readonly firstTimestamp: number;
  readonly microsBetween: number;
}

/** Fills a topic; every run of both engines reads the same one. Without a time each record has the one at which it is written. */
export async function createInput(
  context: BenchContext,
  shape: Omit<KeySequence, 'seed'>,
  { name = 'input', seed = context.seed, time }: { name?: string; seed?: number; time?: InputTime } = {},
): Promise<Input> {
  const topic = `bench-${context.session}-${name}-${shape.records}-${shape.keys}-${shape.distinct}`;
  context.log(`writing ${shape.records.toLocaleString('en')} records of ${shape.keys.toLocaleString('en')} keys`);
  await context.cluster.createTopic(topic);
  return fillTopic(context, topic, { ...shape, seed }, time);
}

/** Fills a topic that exists. */
export async function fillTopic(
  context: BenchContext,
  topic: string,
  sequence: KeySequence,
  time?: InputTime,
): Promise<Input> {
  await runJavaTool(context.classPath, 'LoadGenerator', {
    brokers: context.cluster.brokers.join(','),
    topic,
    ...sequence,
    ...(time === undefined ? {} : { 'first-timestamp': time.firstTimestamp, 'micros-between': time.microsBetween }),
  });
  return { topic, records: sequence.records, expected: expectedCounts(sequence) };
}
