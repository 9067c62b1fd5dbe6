import { serdes, StreamsBuilder } from 'millrace';
import { joined } from './joined';

/* Joins a stream with a table. The peer's is in bench/peer, PeerTopologies. */

const bytes = { key: serdes.string, value: serdes.bytes };

const builder = new StreamsBuilder();
const table = builder.table(process.env['BENCH_OTHER_INPUT'] ?? 'bench-table', { ...bytes, store: 'rows' });
builder
  .stream(process.env['BENCH_INPUT'] ?? 'bench-input', bytes)
  .join(table, joined)
  .to(process.env['BENCH_OUTPUT'] ?? 'bench-output', { value: serdes.bytes });

export default builder.build();
