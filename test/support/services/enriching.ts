import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** Joins each record with the row of a global table that its value names. */
export default function enriching(
  builder: StreamsBuilder,
  { input, output, rows }: { readonly input: string; readonly output: string; readonly rows: string },
): void {
  const text = { key: serdes.string, value: serdes.string };
  const table = builder.globalTable(rows, { ...text, store: 'rows' });
  builder
    .stream(input, text)
    .leftJoin(
      table,
      (_key, value) => value,
      (value, row) => `${value}=${row}`,
    )
    .to(output, { value: serdes.string });
}
