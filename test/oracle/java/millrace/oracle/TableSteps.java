package millrace.oracle;

import static millrace.oracle.StreamSteps.of;
import static millrace.oracle.Step.variables;

import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.ValueTransformerWithKey;
import org.apache.kafka.streams.processor.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Operators of a table that are not joins. */
final class TableSteps {
    private final Graph graph;

    TableSteps(final Graph graph) {
        this.graph = graph;
    }

    Object build(final Step step) {
        switch (step.operator()) {
            case "table":
                if (step.refuses("materialize")) {
                    return graph.builder.table(step.text("topic"), Consumed.with(Text.SERDE, Text.SERDE));
                }
                return graph.builder.table(
                    step.text("topic"), Consumed.with(Text.SERDE, Text.SERDE), graph.materialized(step));
            case "globalTable":
                return graph.builder.globalTable(step.text("topic"), Consumed.with(Text.SERDE, Text.SERDE));
            default:
        }
        final KTable<Object, Object> in = graph.table(step.text("in"));
        final boolean stored = step.flag("materialize") || step.has("store") || step.has("historyRetentionMs");
        switch (step.operator()) {
            case "filter": {
                final Expression predicate = step.expression("predicate");
                return stored
                    ? in.filter((key, value) -> predicate.test(of(key, value)), graph.materialized(step))
                    : in.filter((key, value) -> predicate.test(of(key, value)));
            }
            case "filterNot": {
                final Expression predicate = step.expression("predicate");
                return stored
                    ? in.filterNot((key, value) -> predicate.test(of(key, value)), graph.materialized(step))
                    : in.filterNot((key, value) -> predicate.test(of(key, value)));
            }
            case "mapValues": {
                final Expression newValue = step.expression("value");
                return stored
                    ? in.<Object>mapValues((key, value) -> newValue.text(of(key, value)), graph.materialized(step))
                    : in.<Object>mapValues((key, value) -> newValue.text(of(key, value)));
            }
            case "transformValues":
                return transformValues(step, in, stored);
            case "toStream": {
                if (!step.has("key")) return in.toStream();
                final Expression newKey = step.expression("key");
                return in.<Object>toStream((key, value) -> newKey.text(of(key, value)));
            }
            case "groupBy": {
                final Expression newKey = step.expression("key");
                final Expression newValue = step.expression("value");
                return in.groupBy(
                    (key, value) ->
                        KeyValue.<Object, Object>pair(newKey.text(of(key, value)), newValue.text(of(key, value))),
                    Grouped.with(Text.SERDE, Text.SERDE));
            }
            case "suppress":
                return in.suppress(suppressed(step));
            default:
                throw new IllegalArgumentException("no table operator " + step.operator());
        }
    }

    /** With state: a store of its own that keeps, for each key, what {@code state} says. */
    private Object transformValues(final Step step, final KTable<Object, Object> in, final boolean stored) {
        final boolean stateful = step.has("state");
        final String store = step.id() + "-state";
        final String[] stores = stateful ? new String[] {store} : new String[0];
        if (stateful) {
            graph.builder.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(store), Text.SERDE, Text.SERDE));
        }
        final Expression newValue = step.expression("value");
        final Expression state = stateful ? step.expression("state") : null;
        final org.apache.kafka.streams.kstream.ValueTransformerWithKeySupplier<Object, Object, Object> supplier =
            () -> new ValueTransformerWithKey<>() {
                private KeyValueStore<Object, Object> states;

                @Override
                public void init(final ProcessorContext context) {
                    if (stateful) states = context.getStateStore(store);
                }

                @Override
                public Object transform(final Object key, final Object value) {
                    final Object before = stateful ? states.get(key) : null;
                    final var variables = variables("$key", key, "$value", value, "$state", before);
                    if (stateful) states.put(key, state.text(variables));
                    return newValue.text(variables);
                }

                @Override
                public void close() { }
            };
        return stored
            ? in.transformValues(supplier, graph.materialized(step), stores)
            : in.transformValues(supplier, stores);
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Suppressed<Object> suppressed(final Step step) {
        if (step.text("until").equals("windowCloses")) {
            final Suppressed.StrictBufferConfig buffer = step.has("maxRecords")
                ? BufferConfig.maxRecords(step.number("maxRecords")).shutDownWhenFull()
                : BufferConfig.unbounded();
            return (Suppressed) Suppressed.untilWindowCloses(buffer);
        }
        final BufferConfig buffer = !step.has("maxRecords")
            ? BufferConfig.unbounded()
            : step.flag("shutDownWhenFull")
                ? BufferConfig.maxRecords(step.number("maxRecords")).shutDownWhenFull()
                : BufferConfig.maxRecords(step.number("maxRecords")).emitEarlyWhenFull();
        return Suppressed.untilTimeLimit(step.milliseconds("ms"), buffer);
    }
}
