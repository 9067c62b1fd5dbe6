import { setTimeout as pause } from 'node:timers/promises';
import type { AsyncCallContext } from '../../../src';
import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Asks another service about each record, and counts the answers of each key. */
export default function asking(
  builder: StreamsBuilder,
  parameters: {
    readonly input: string;
    readonly output: string;
    readonly milliseconds: string;
    readonly concurrency: string;
    /** With `counts` the records are counted before the call, so that a commit has to wait for answers. */
    readonly about: 'records' | 'counts';
  },
): void {
  const ask = async <T>(value: T, _key: string, { signal }: AsyncCallContext): Promise<T> => {
    // Some answers overtake others.
    await pause(Number(parameters.milliseconds) * (0.5 + Math.random()), undefined, { signal });
    return value;
  };
  const options = { name: 'ask', concurrency: Number(parameters.concurrency), timeoutMs: 5_000 };
  const records = builder.stream(parameters.input, { key: serdes.string, value: serdes.string });
  const counted =
    parameters.about === 'records'
      ? records.mapValuesAsync(ask, options).groupByKey({ value: serdes.string }).count('answers').toStream()
      : records
          .groupByKey()
          .count('counts')
          .toStream()
          .mapValuesAsync(ask, { ...options, order: 'key' });
  counted.to(parameters.output, { value: serdes.decimalText });
}
