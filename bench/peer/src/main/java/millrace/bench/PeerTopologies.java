package millrace.bench;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.ForeachAction;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;

/** The topologies of bench/topologies, as a user of Kafka Streams writes them. */
final class PeerTopologies {
  private static final Consumed<String, byte[]> CONSUMED = Consumed.with(Serdes.String(), Serdes.ByteArray());
  private static final Produced<String, byte[]> PRODUCED = Produced.with(Serdes.String(), Serdes.ByteArray());

  private PeerTopologies() {}

  static Topology build(Options options) {
    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, byte[]> input = builder.stream(options.text("input"), CONSUMED);
    if (options.flag("mark-first-record")) input = input.peek(new FirstRecordMark());
    String output = options.text("output");
    switch (options.text("topology")) {
      case "count" -> input
          .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
          .count(Materialized.as("counts"))
          .toStream()
          .to(output, Produced.with(Serdes.String(), Serdes.Long()));
      case "window" -> {
        Duration size = Duration.ofMillis(options.number("window-ms"));
        input
            .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
            .windowedBy(TimeWindows.ofSizeAndGrace(size, Duration.ofMillis(options.number("grace-ms"))))
            .count(Materialized.as("counts"))
            .toStream()
            .to(output, Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis()), Serdes.Long()));
      }
      case "stream-table" -> {
        KTable<String, byte[]> table = builder.table(options.text("other-input"), CONSUMED, Materialized.as("rows"));
        input
            .join(table, PeerTopologies::joined, Joined.with(Serdes.String(), Serdes.ByteArray(), Serdes.ByteArray()))
            .to(output, PRODUCED);
      }
      case "stream-stream" -> {
        Duration difference = Duration.ofMillis(options.number("window-ms"));
        Duration grace = Duration.ofMillis(options.number("grace-ms"));
        input
            .join(
                builder.stream(options.text("other-input"), CONSUMED),
                PeerTopologies::joined,
                JoinWindows.ofTimeDifferenceAndGrace(difference, grace),
                StreamJoined.with(Serdes.String(), Serdes.ByteArray(), Serdes.ByteArray()).withStoreName("window"))
            .to(output, PRODUCED);
      }
      default -> throw new IllegalArgumentException("no topology " + options.text("topology"));
    }
    return builder.build();
  }

  /** The first ten bytes of each. */
  private static byte[] joined(byte[] left, byte[] right) {
    byte[] both = new byte[20];
    System.arraycopy(left, 0, both, 0, 10);
    System.arraycopy(right, 0, both, 10, 10);
    return both;
  }

  /** Says when the first record reached the topology: all tasks of the one stream thread share it. */
  private static final class FirstRecordMark implements ForeachAction<String, byte[]> {
    private boolean seen;

    @Override
    public void apply(String key, byte[] value) {
      if (!seen) Events.print("first-record");
      seen = true;
    }
  }
}
