import { serdes, StreamsBuilder, windows } from 'millrace';
import { joined } from './joined';

/* Joins two streams within a window. The peer's is in bench/peer, PeerTopologies. */

const bytes = { key: serdes.string, value: serdes.bytes };

const builder = new StreamsBuilder();
const right = builder.stream(process.env['BENCH_OTHER_INPUT'] ?? 'bench-right', bytes);
builder
  .stream(process.env['BENCH_INPUT'] ?? 'bench-input', bytes)
  .join(
    right,
    joined,
    windows.join({
      timeDifferenceMs: Number(process.env['BENCH_WINDOW_MS'] ?? 1_000),
      graceMs: Number(process.env['BENCH_GRACE_MS'] ?? 600_000),
    }),
    { store: 'window' },
  )
  .to(process.env['BENCH_OUTPUT'] ?? 'bench-output', { value: serdes.bytes });

export default builder.build();
