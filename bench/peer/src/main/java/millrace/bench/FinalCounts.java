package millrace.bench;

import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads what an engine wrote, as a read_committed consumer sees it, and saves the last value of every key as an array of
 * 32-bit little-endian integers. The values of a key must grow: one that does not is an update that came twice.
 */
public final class FinalCounts {
  private FinalCounts() {}

  public static void main(String[] arguments) throws Exception {
    Options options = new Options(arguments);
    Properties config = new Properties();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("brokers"));
    config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 100_000);

    int[] counts = new int[options.number("keys")];
    long records = 0;
    long notGrowing = 0;
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(options.text("topic")).stream()
              .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          int key = InputRecords.keyOf(record.key());
          int count = Math.toIntExact(ByteBuffer.wrap(record.value()).getLong());
          if (count <= counts[key]) notGrowing++;
          counts[key] = count;
          records++;
        }
      }
    }
    ByteBuffer bytes = ByteBuffer.allocate(counts.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(counts);
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(Path.of(options.text("into"))))) {
      file.write(bytes.array());
    }
    Events.print("counts", "records", records, "notGrowing", notGrowing);
  }
}
