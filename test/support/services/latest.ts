import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Keeps the latest value of each key, whatever its size, and says how many bytes it has. */
export default function latest(
  builder: StreamsBuilder,
  { input, output }: { readonly input: string; readonly output: string },
): void {
  builder
    .stream(input, { key: serdes.string, value: serdes.string })
    .groupByKey()
    .reduce((_before, value) => value, { store: 'latest' })
    .toStream()
    .mapValues((value) => value.length)
    .to(output, { value: serdes.decimalText });
}
