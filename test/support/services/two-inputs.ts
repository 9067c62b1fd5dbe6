import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Counts the records of each key in two topics together, which must therefore have the same partitions. */
export default function twoInputs(
  builder: StreamsBuilder,
  { input, other, output }: { readonly input: string; readonly other: string; readonly output: string },
): void {
  builder
    .stream([input, other], { key: serdes.string, value: serdes.string })
    .groupByKey()
    .count('counts')
    .toStream()
    .to(output, { value: serdes.decimalText });
}
