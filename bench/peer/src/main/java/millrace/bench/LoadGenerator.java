package millrace.bench;

import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes the input of a benchmark before an engine starts, so that engines drain a full log. */
public final class LoadGenerator {
  private LoadGenerator() {}

  public static void main(String[] arguments) throws Exception {
    Options options = new Options(arguments);
    String topic = options.text("topic");
    int records = options.number("records");
    InputRecords input =
        new InputRecords(options.number("seed"), options.number("keys"), options.number("distinct"));

    // Without these, each record has the time at which it is sent.
    long firstTimestamp = options.flag("first-timestamp") ? Long.parseLong(options.text("first-timestamp")) : -1;
    long microsBetween = firstTimestamp < 0 ? 0 : options.number("micros-between");

    Properties config = new Properties();
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("brokers"));
    config.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    config.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    config.put(ProducerConfig.LINGER_MS_CONFIG, 20);
    config.put(ProducerConfig.BATCH_SIZE_CONFIG, 64 * 1024);
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
      for (int i = 0; i < records && failure.get() == null; i++) {
        byte[] key = InputRecords.keyBytes(input.nextKey());
        producer.send(
            new ProducerRecord<>(
                topic, null, firstTimestamp < 0 ? null : firstTimestamp + i * microsBetween / 1000, key, input.nextValue()),
            (metadata, error) -> {
              if (error != null) failure.compareAndSet(null, error);
            });
      }
    }
    if (failure.get() != null) throw failure.get();
    Events.print("generated", "records", records);
  }
}
