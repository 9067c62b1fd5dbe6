import { serdes, StreamsBuilder } from 'millrace';

/* Counts records by key and writes every update: what every benchmark runs. The peer's is in bench/peer, KafkaStreamsCount. */

const builder = new StreamsBuilder();
const input = builder.stream(process.env['BENCH_INPUT'] ?? 'bench-input', { key: serdes.string, value: serdes.bytes });
const marked = process.env['BENCH_MARK_FIRST_RECORD'] === undefined ? input : input.peek(markFirstRecord());

marked
  .groupByKey()
  .count('counts')
  .toStream()
  .to(process.env['BENCH_OUTPUT'] ?? 'bench-output', { value: serdes.int64AsNumber });

export default builder.build();

/** Says once, on stdout, that a record has come. */
function markFirstRecord(): () => void {
  let seen = false;
  return () => {
    if (!seen) console.log(JSON.stringify({ event: 'first-record', time: Date.now() }));
    seen = true;
  };
}
