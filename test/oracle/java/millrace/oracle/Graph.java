package millrace.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindowedSerializer;
import org.apache.kafka.streams.kstream.TimeWindowedSerializer;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.Stores;

/** Builds the topology of a scenario. */
@SuppressWarnings({"unchecked", "rawtypes"})
public final class Graph {
    final StreamsBuilder builder = new StreamsBuilder();
    final Set<String> outputs = new LinkedHashSet<>();
    private final Map<String, Object> built = new HashMap<>();

    public Graph(final JsonNode steps) {
        final StreamSteps streams = new StreamSteps(this);
        final TableSteps tables = new TableSteps(this);
        final AggregationSteps aggregations = new AggregationSteps(this);
        final JoinSteps joins = new JoinSteps(this);
        for (final JsonNode json : steps) {
            final Step step = new Step(json);
            final Object result = switch (step.operator()) {
                case "table", "globalTable" -> tables.build(step);
                case "stream" -> streams.build(step);
                case "windowedBy", "count", "reduce", "aggregate", "cogroup" -> aggregations.build(step);
                case "join", "leftJoin", "outerJoin" -> joins.build(step);
                default -> get(step.text("in")) instanceof KTable ? tables.build(step) : streams.build(step);
            };
            if (result != null) add(step.id(), result);
        }
    }

    public Topology topology() {
        return builder.build();
    }

    void add(final String id, final Object object) {
        built.put(id, object);
    }

    Object get(final String id) {
        final Object found = built.get(id);
        if (found == null) throw new IllegalArgumentException("no step " + id);
        return found;
    }

    KStream<Object, Object> stream(final String id) {
        return (KStream<Object, Object>) get(id);
    }

    KTable<Object, Object> table(final String id) {
        return (KTable<Object, Object>) get(id);
    }

    /** The step's store, with text values. */
    <S extends StateStore> Materialized<Object, Object, S> materialized(final Step step) {
        return materialized(step, Text.SERDE);
    }

    <V, S extends StateStore> Materialized<Object, V, S> materialized(final Step step, final Serde<V> values) {
        final String name = step.has("store") ? step.text("store") : step.id() + "-store";
        final Materialized materialized = step.has("historyRetentionMs")
            ? Materialized.as(Stores.persistentVersionedKeyValueStore(
                name, Duration.ofMillis(step.number("historyRetentionMs"))))
            : Materialized.as(name);
        return materialized.withKeySerde(Text.SERDE).withValueSerde(values);
    }

    /** How a sink writes keys: as text, or windowed keys in Kafka Streams' own format. */
    Serde<Object> keySerde(final Step step) {
        if (!step.has("keys")) return Text.SERDE;
        final var serializer = step.text("keys").equals("timeWindowed")
            ? (org.apache.kafka.common.serialization.Serializer) new TimeWindowedSerializer<>(Text.SERDE.serializer())
            : new SessionWindowedSerializer<>(Text.SERDE.serializer());
        return org.apache.kafka.common.serialization.Serdes.serdeFrom(serializer, Text.SERDE.deserializer());
    }
}
