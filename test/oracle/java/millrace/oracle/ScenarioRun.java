package millrace.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** One scenario on Kafka Streams' own test driver. */
final class ScenarioRun {
    private static final AtomicInteger RUNS = new AtomicInteger();
    static final Path STATE = Path.of(
        Files.isDirectory(Path.of("/dev/shm")) ? "/dev/shm" : System.getProperty("java.io.tmpdir"),
        "oracle-" + ProcessHandle.current().pid());

    private final JsonNode scenario;

    ScenarioRun(final JsonNode scenario) {
        this.scenario = scenario;
    }

    void run(final ObjectNode answer) throws Exception {
        final Graph graph = new Graph(scenario.get("graph"));
        final Path state = STATE.resolve(Integer.toString(RUNS.incrementAndGet()));
        TopologyTestDriver driver = null;
        try {
            driver = new TopologyTestDriver(graph.topology(), properties(state), Instant.ofEpochMilli(0));
            work(driver, graph.outputs, answer);
        } finally {
            try {
                if (driver != null) driver.close();
            } catch (final RuntimeException closing) {
                // A topology that failed may fail again here.
            }
            Utils.delete(state.toFile());
        }
    }

    private void work(final TopologyTestDriver driver, final Set<String> topics, final ObjectNode answer) {
        final Map<String, TestInputTopic<Object, Object>> inputs = new HashMap<>();
        final Map<String, TestOutputTopic<byte[], byte[]>> outputs = new HashMap<>();
        for (final String topic : topics) {
            outputs.put(topic, driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
        }
        final Set<String> binary = new java.util.HashSet<>();
        for (final JsonNode step : scenario.get("graph")) {
            if (step.path("op").asText().equals("to") && step.has("keys")) binary.add(step.get("topic").textValue());
        }
        final ArrayNode records = answer.putArray("outputs");
        int number = 0;
        for (final JsonNode step : scenario.get("steps")) {
            try {
                if (step.has("advance")) {
                    driver.advanceWallClockTime(Duration.ofMillis(step.get("advance").longValue()));
                } else {
                    inputs
                        .computeIfAbsent(
                            step.get("topic").textValue(),
                            topic -> driver.createInputTopic(topic, Text.SERDE.serializer(), Text.SERDE.serializer()))
                        .pipeInput(
                            step.get("key").textValue(), step.get("value").textValue(), step.get("timestamp").longValue());
                }
            } catch (final RuntimeException error) {
                Throwable cause = error;
                while (cause.getCause() != null) cause = cause.getCause();
                answer.putObject("error").put("step", number).put("message", cause.toString());
            }
            for (final String topic : topics) collect(outputs.get(topic), topic, number, binary.contains(topic), records);
            if (answer.has("error")) return;
            number++;
        }
    }

    private static void collect(
        final TestOutputTopic<byte[], byte[]> output,
        final String topic,
        final int step,
        final boolean binaryKeys,
        final ArrayNode records
    ) {
        while (!output.isEmpty()) {
            final TestRecord<byte[], byte[]> record = output.readRecord();
            records
                .addObject()
                .put("step", step)
                .put("topic", topic)
                .put("key", binaryKeys ? hex(record.key()) : text(record.key()))
                .put("value", text(record.value()))
                .put("timestamp", record.timestamp());
        }
    }

    private static String text(final byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static String hex(final byte[] bytes) {
        return bytes == null ? null : HexFormat.of().formatHex(bytes);
    }

    private Properties properties(final Path state) {
        final Properties properties = new Properties();
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "oracle");
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
        properties.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        properties.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Text.class);
        properties.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Text.class);
        // Each update shows, and each result is there with the record that made it.
        properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
        properties.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L);
        properties.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L);
        if (!scenario.path("stores").asText("rocksdb").equals("rocksdb")) {
            properties.put(
                StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
                org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        }
        return properties;
    }
}
