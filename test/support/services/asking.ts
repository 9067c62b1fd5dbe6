import { setTimeout as pause } from 'node:timers/promises';
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
  },
): void {
  builder
    .stream(parameters.input, { key: serdes.string, value: serdes.string })
    .mapValuesAsync(
      async (value, _key, { signal }) => {
        // Some answers overtake others.
        await pause(Number(parameters.milliseconds) * (0.5 + Math.random()), undefined, { signal });
        return value.length;
      },
      { name: 'ask', concurrency: Number(parameters.concurrency), timeoutMs: 5_000 },
    )
    .groupByKey({ value: serdes.int32 })
    .count('answers')
    .toStream()
    .to(parameters.output, { value: serdes.decimalText });
}
