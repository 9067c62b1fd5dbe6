import { serdes } from '../../../src/serde/serdes';
import type { StreamsBuilder } from '../../../src/topology/streams-builder';

/** What a record of {@link parsing} asks for. */
export interface Order {
  readonly throws?: boolean;
  /** Bytes of the result. Default: 1. */
  readonly size?: number;
}

/** Reads JSON, may throw, and may make results that are too large. */
export default function parsing(
  builder: StreamsBuilder,
  { input, output }: { readonly input: string; readonly output: string },
): void {
  builder
    .stream(input, { key: serdes.string, value: serdes.json<Order>() })
    .mapValues(
      (order) => {
        if (order.throws === true) throw new Error('this order throws');
        return 'x'.repeat(order.size ?? 1);
      },
      { name: 'render' },
    )
    .to(output, { value: serdes.string });
}
