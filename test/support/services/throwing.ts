import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Counts by key. The first so many records with the value `throw` that the process meets fail, as when a service is away for a while. */
export default function throwing(
  builder: StreamsBuilder,
  parameters: { readonly input: string; readonly output: string; readonly failures: string },
): void {
  let failuresLeft = Number(parameters.failures);
  builder
    .stream(parameters.input, { key: serdes.string, value: serdes.string })
    .groupByKey()
    .aggregate(
      () => 0,
      (_key, value, count) => {
        if (value === 'throw' && failuresLeft-- > 0) throw new Error('away');
        return count + 1;
      },
      { store: 'counts', value: serdes.json<number>() },
    )
    .toStream()
    .to(parameters.output, { key: serdes.string, value: serdes.json<number>() });
}
