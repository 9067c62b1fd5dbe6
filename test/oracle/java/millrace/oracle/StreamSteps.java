package millrace.oracle;

import static millrace.oracle.Step.variables;

import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.BranchedKStream;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.Stores;

/** Operators of a stream that are neither windows nor joins. */
final class StreamSteps {
    private final Graph graph;

    StreamSteps(final Graph graph) {
        this.graph = graph;
    }

    Object build(final Step step) {
        if (step.operator().equals("stream")) {
            return graph.builder.stream(step.text("topic"), Consumed.with(Text.SERDE, Text.SERDE));
        }
        final KStream<Object, Object> in = graph.stream(step.text("in"));
        switch (step.operator()) {
            case "filter": {
                final Expression predicate = step.expression("predicate");
                return in.filter((key, value) -> predicate.test(of(key, value)));
            }
            case "filterNot": {
                final Expression predicate = step.expression("predicate");
                return in.filterNot((key, value) -> predicate.test(of(key, value)));
            }
            case "map": {
                final Expression newKey = step.expression("key");
                final Expression newValue = step.expression("value");
                return in.map((key, value) ->
                    KeyValue.<Object, Object>pair(newKey.text(of(key, value)), newValue.text(of(key, value))));
            }
            case "mapValues": {
                final Expression newValue = step.expression("value");
                return in.<Object>mapValues((key, value) -> newValue.text(of(key, value)));
            }
            case "flatMap": {
                final Expression parts = step.expression("parts");
                final Expression newKey = step.expression("key");
                final Expression newValue = step.expression("value");
                return in.flatMap((key, value) -> parts.parts(of(key, value)).stream().map(part -> {
                    final var variables = variables("$key", key, "$value", value, "$part", part);
                    return KeyValue.<Object, Object>pair(newKey.text(variables), newValue.text(variables));
                }).toList());
            }
            case "flatMapValues": {
                final Expression parts = step.expression("parts");
                return in.<Object>flatMapValues((key, value) -> List.<Object>copyOf(parts.parts(of(key, value))));
            }
            case "selectKey": {
                final Expression newKey = step.expression("key");
                return in.<Object>selectKey((key, value) -> newKey.text(of(key, value)));
            }
            case "peek":
                return in.peek((key, value) -> { });
            case "merge":
                return in.merge(graph.stream(step.text("with")));
            case "split":
                return split(step, in);
            case "repartition": {
                Repartitioned<Object, Object> options = Repartitioned.with(Text.SERDE, Text.SERDE);
                if (step.has("partitions")) options = options.withNumberOfPartitions(step.number("partitions"));
                return in.repartition(options.withName(step.id()));
            }
            case "toTable":
                return in.toTable(graph.materialized(step));
            case "groupByKey":
                return in.groupByKey(grouped(step));
            case "groupBy": {
                final Expression newKey = step.expression("key");
                return in.<Object>groupBy((key, value) -> newKey.text(of(key, value)), grouped(step));
            }
            case "process": {
                final String store = step.id() + "-store";
                graph.builder.addStateStore(
                    Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Text.SERDE, Text.SERDE));
                return in.process(() -> new StatefulProcessor(step, store), store);
            }
            case "to":
                in.to(step.text("topic"), Produced.with(graph.keySerde(step), Text.SERDE));
                graph.outputs.add(step.text("topic"));
                return null;
            default:
                throw new IllegalArgumentException("no stream operator " + step.operator());
        }
    }

    private static Grouped<Object, Object> grouped(final Step step) {
        final Grouped<Object, Object> grouped = Grouped.with(Text.SERDE, Text.SERDE);
        return step.has("name") ? grouped.withName(step.text("name")) : grouped;
    }

    private Object split(final Step step, final KStream<Object, Object> in) {
        BranchedKStream<Object, Object> split = in.split(Named.as(step.id() + "."));
        for (final Step branch : step.parts("branches")) {
            final Expression predicate = branch.expression("predicate");
            split = split.branch(
                (key, value) -> predicate.test(of(key, value)), Branched.as(branch.text("name")));
        }
        final Map<String, KStream<Object, Object>> branches =
            step.has("default") ? split.defaultBranch(Branched.as(step.text("default"))) : split.noDefaultBranch();
        branches.forEach(graph::add);
        return null;
    }

    static Map<String, Object> of(final Object key, final Object value) {
        return variables("$key", key, "$value", value);
    }
}
