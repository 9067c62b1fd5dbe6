package millrace.bench;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Produces at a steady rate and watches the output with a read_committed consumer.
 *
 * <p>The latency of an input record runs from the moment when it was due, whether or not the producer was late, to the
 * moment when the consumer has the first count of its key that includes it: an engine that merges updates of a key is
 * measured by the merged one.
 */
public final class LatencyProbe {
  private static final long GIVE_UP_AFTER_NANOS = Duration.ofSeconds(60).toNanos();

  private LatencyProbe() {}

  public static void main(String[] arguments) throws Exception {
    Options options = new Options(arguments);
    int rate = options.number("rate");
    int keys = options.number("keys");
    int warmUp = rate * options.number("warm-up-seconds");
    int records = warmUp + rate * options.number("seconds");
    // What every key was counted up to before the first record.
    int before = options.flag("counts-before") ? options.number("counts-before") : 0;
    Occurrences occurrences = new Occurrences(options.number("seed"), keys, records);
    AtomicLongArray due = new AtomicLongArray(records);
    long[] latencies = new long[records];
    int[] seen = new int[keys];
    int outstanding = records;
    long outputs = 0;

    Properties config = new Properties();
    config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("brokers"));
    config.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    config.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(options.text("output")).stream()
              .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      AtomicReference<Exception> failure = new AtomicReference<>();
      Thread producer = new Thread(() -> produce(options, rate, records, due, failure), "paced-producer");
      producer.setDaemon(true);
      producer.start();
      long lastProgress = System.nanoTime();
      while (outstanding > 0) {
        if (failure.get() != null) throw failure.get();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          long now = System.nanoTime();
          lastProgress = now;
          outputs++;
          int key = InputRecords.keyOf(record.key());
          int count = Math.toIntExact(ByteBuffer.wrap(record.value()).getLong());
          for (; seen[key] < count - before; seen[key]++) {
            int index = occurrences.recordOf(key, seen[key]);
            latencies[index] = now - due.get(index);
            outstanding--;
          }
        }
        if (System.nanoTime() - lastProgress > GIVE_UP_AFTER_NANOS) {
          throw new IllegalStateException(outstanding + " of " + records + " records never reached the output");
        }
      }
    }
    long[] measured = Arrays.copyOfRange(latencies, warmUp, records);
    Arrays.sort(measured);
    Events.print(
        "latency",
        "records", measured.length,
        "outputs", outputs,
        "p50Micros", measured[measured.length / 2] / 1000,
        "p99Micros", measured[(int) (measured.length * 0.99)] / 1000,
        "maxMicros", measured[measured.length - 1] / 1000);
  }

  private static void produce(
      Options options, int rate, int records, AtomicLongArray due, AtomicReference<Exception> failure) {
    Properties config = new Properties();
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("brokers"));
    config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    String topic = options.text("input");
    InputRecords input = new InputRecords(options.number("seed"), options.number("keys"), 0);
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
      long start = System.nanoTime();
      for (int i = 0; i < records && failure.get() == null; i++) {
        long dueAt = start + i * 1_000_000_000L / rate;
        for (long early = dueAt - System.nanoTime(); early > 0; early = dueAt - System.nanoTime()) {
          LockSupport.parkNanos(early);
        }
        due.set(i, dueAt);
        producer.send(
            new ProducerRecord<>(topic, InputRecords.keyBytes(input.nextKey()), input.nextValue()),
            (metadata, error) -> {
              if (error != null) failure.compareAndSet(null, error);
            });
      }
    } catch (RuntimeException error) {
      failure.compareAndSet(null, error);
    }
  }

  /** Finds the input record that made a key's count what it is. */
  private static final class Occurrences {
    private final int[] starts;
    private final int[] records;

    Occurrences(int seed, int keys, int count) {
      int[] sequence = new int[count];
      InputRecords input = new InputRecords(seed, keys, 0);
      starts = new int[keys + 1];
      for (int i = 0; i < count; i++) {
        sequence[i] = input.nextKey();
        starts[sequence[i] + 1]++;
      }
      for (int key = 0; key < keys; key++) starts[key + 1] += starts[key];
      records = new int[count];
      int[] filled = new int[keys];
      for (int i = 0; i < count; i++) records[starts[sequence[i]] + filled[sequence[i]]++] = i;
    }

    int recordOf(int key, int occurrence) {
      int at = starts[key] + occurrence;
      if (at >= starts[key + 1]) throw new IllegalStateException("key " + key + " was counted more than once per record");
      return records[at];
    }
  }
}
