import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

export const RESULT_BYTES = 1_000;

/** Makes as many results of a kilobyte as a record's value says. */
export default function expanding(
  builder: StreamsBuilder,
  { input, output }: { readonly input: string; readonly output: string },
): void {
  builder
    .stream(input, { key: serdes.string, value: serdes.decimalText })
    .flatMap((key, count) =>
      Array.from({ length: Number(count) }, (_, index): [string, string] => [
        `${key}-${index}`,
        'x'.repeat(RESULT_BYTES),
      ]),
    )
    .to(output, { key: serdes.string, value: serdes.string });
}
