import { serdes, StreamsBuilder, windows } from 'millrace';

/* Counts records by key in tumbling windows, and writes every update. The peer's is in bench/peer, PeerTopologies. */

const builder = new StreamsBuilder();
builder
  .stream(process.env['BENCH_INPUT'] ?? 'bench-input', { key: serdes.string, value: serdes.bytes })
  .groupByKey()
  .windowedBy(
    windows.tumbling({
      sizeMs: Number(process.env['BENCH_WINDOW_MS'] ?? 10_000),
      graceMs: Number(process.env['BENCH_GRACE_MS'] ?? 5_000),
    }),
  )
  .count('counts')
  .toStream()
  .to(process.env['BENCH_OUTPUT'] ?? 'bench-output', { value: serdes.int64AsNumber });

export default builder.build();
