import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Counts the records of each key, without a repartition. */
export default function perKeyCount(
  builder: StreamsBuilder,
  { input, output }: { readonly input: string; readonly output: string },
): void {
  builder
    .stream(input, { key: serdes.string, value: serdes.string })
    .groupByKey()
    .count('counts')
    .toStream()
    .to(output, { value: serdes.decimalText });
}
