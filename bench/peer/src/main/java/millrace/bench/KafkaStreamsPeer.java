package millrace.bench;

import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.internals.DefaultKafkaClientSupplier;

/**
 * Runs one of the topologies of {@link PeerTopologies}.
 *
 * <p>Everything that is not named here is a default of Kafka Streams: 10 MB of record cache, RocksDB, one stream thread.
 */
public final class KafkaStreamsPeer {
  private KafkaStreamsPeer() {}

  public static void main(String[] arguments) throws InterruptedException {
    Options options = new Options(arguments);
    Properties config = new Properties();
    config.put(StreamsConfig.APPLICATION_ID_CONFIG, options.text("application-id"));
    config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.text("brokers"));
    config.put(StreamsConfig.STATE_DIR_CONFIG, options.text("state-dir"));
    config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.number("commit-interval-ms"));
    config.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), options.number("session-timeout-ms"));

    CountDownLatch closed = new CountDownLatch(1);
    KafkaStreams streams = new KafkaStreams(PeerTopologies.build(options), config, new ReportingClientSupplier());
    streams.setStateListener(
        (newState, oldState) -> {
          Events.print("state", "state", newState.name());
          if (newState == KafkaStreams.State.NOT_RUNNING || newState == KafkaStreams.State.ERROR) closed.countDown();
        });
    streams.setGlobalStateRestoreListener(new ReportingRestoreListener());
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
    closed.await();
  }

  private static final class ReportingRestoreListener implements StateRestoreListener {
    @Override
    public void onRestoreStart(TopicPartition partition, String store, long startOffset, long endOffset) {
      Events.print("restore-start", "partition", partition.partition(), "from", startOffset, "to", endOffset);
    }

    @Override
    public void onBatchRestored(TopicPartition partition, String store, long batchEndOffset, long restored) {}

    @Override
    public void onRestoreEnd(TopicPartition partition, String store, long totalRestored) {
      Events.print("restore-end", "partition", partition.partition(), "records", totalRestored);
    }
  }

  /** Hands Kafka Streams a consumer that says when it was assigned partitions. */
  private static final class ReportingClientSupplier extends DefaultKafkaClientSupplier {
    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
      return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer()) {
        @Override
        public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
          super.subscribe(topics, new ReportingRebalanceListener(listener));
        }
      };
    }
  }

  private static final class ReportingRebalanceListener implements ConsumerRebalanceListener {
    private final ConsumerRebalanceListener listener;

    ReportingRebalanceListener(ConsumerRebalanceListener listener) {
      this.listener = listener;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      Events.print("assigned", "partitions", partitions.size());
      listener.onPartitionsAssigned(partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      listener.onPartitionsRevoked(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      listener.onPartitionsLost(partitions);
    }
  }
}
