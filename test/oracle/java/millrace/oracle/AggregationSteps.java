package millrace.oracle;

import static millrace.oracle.Step.variables;

import org.apache.kafka.streams.kstream.Aggregator;
import org.apache.kafka.streams.kstream.CogroupedKStream;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Initializer;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KGroupedTable;
import org.apache.kafka.streams.kstream.Merger;
import org.apache.kafka.streams.kstream.Reducer;
import org.apache.kafka.streams.kstream.SessionWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.SessionWindowedKStream;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindowedCogroupedKStream;
import org.apache.kafka.streams.kstream.TimeWindowedKStream;
import org.apache.kafka.streams.kstream.TimeWindows;

/** Aggregations of grouped streams and tables, their windows, and cogroup. */
@SuppressWarnings("unchecked")
final class AggregationSteps {
    private final Graph graph;

    AggregationSteps(final Graph graph) {
        this.graph = graph;
    }

    Object build(final Step step) {
        final Object in = graph.get(step.text("in"));
        switch (step.operator()) {
            case "windowedBy":
                return windowedBy(step, in);
            case "count":
                return count(step, in);
            case "reduce":
                return reduce(step, in);
            case "aggregate":
                return aggregate(step, in);
            case "cogroup":
                return cogroup(step, (KGroupedStream<Object, Object>) in);
            default:
                throw new IllegalArgumentException("no aggregation " + step.operator());
        }
    }

    private Object windowedBy(final Step step, final Object in) {
        final Step window = step.part("window");
        final boolean onClose = step.has("emit") && step.text("emit").equals("on-close");
        final EmitStrategy emit = onClose ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
        if (window.text("type").equals("session")) {
            final SessionWindows windows = SessionWindows.ofInactivityGapAndGrace(
                window.milliseconds("inactivityGapMs"), window.milliseconds("graceMs"));
            if (in instanceof CogroupedKStream<?, ?> cogrouped) return cogrouped.windowedBy(windows);
            return ((KGroupedStream<Object, Object>) in).windowedBy(windows).emitStrategy(emit);
        }
        if (window.text("type").equals("sliding")) {
            final SlidingWindows windows = SlidingWindows.ofTimeDifferenceAndGrace(
                window.milliseconds("timeDifferenceMs"), window.milliseconds("graceMs"));
            if (in instanceof CogroupedKStream<?, ?> cogrouped) return cogrouped.windowedBy(windows);
            return ((KGroupedStream<Object, Object>) in).windowedBy(windows).emitStrategy(emit);
        }
        TimeWindows windows =
            TimeWindows.ofSizeAndGrace(window.milliseconds("sizeMs"), window.milliseconds("graceMs"));
        if (window.has("advanceMs")) windows = windows.advanceBy(window.milliseconds("advanceMs"));
        if (in instanceof CogroupedKStream<?, ?> cogrouped) return cogrouped.windowedBy(windows);
        return ((KGroupedStream<Object, Object>) in).windowedBy(windows).emitStrategy(emit);
    }

    private Object count(final Step step, final Object in) {
        if (in instanceof KGroupedStream<?, ?> stream) {
            return ((KGroupedStream<Object, Object>) stream).count(graph.materialized(step, null));
        }
        if (in instanceof KGroupedTable<?, ?> table) {
            return ((KGroupedTable<Object, Object>) table).count(graph.materialized(step, null));
        }
        if (in instanceof SessionWindowedKStream<?, ?> windowed) {
            return ((SessionWindowedKStream<Object, Object>) windowed).count(graph.materialized(step, null));
        }
        return ((TimeWindowedKStream<Object, Object>) in).count(graph.materialized(step, null));
    }

    private Object reduce(final Step step, final Object in) {
        final Reducer<Object> reducer = reducer(step.expression("reducer"));
        if (in instanceof KGroupedStream<?, ?> stream) {
            return ((KGroupedStream<Object, Object>) stream).reduce(reducer, graph.materialized(step));
        }
        if (in instanceof KGroupedTable<?, ?> table) {
            final Reducer<Object> subtractor = reducer(step.expression("subtractor"));
            return ((KGroupedTable<Object, Object>) table).reduce(reducer, subtractor, graph.materialized(step));
        }
        if (in instanceof SessionWindowedKStream<?, ?> windowed) {
            return ((SessionWindowedKStream<Object, Object>) windowed).reduce(reducer, graph.materialized(step));
        }
        return ((TimeWindowedKStream<Object, Object>) in).reduce(reducer, graph.materialized(step));
    }

    private Object aggregate(final Step step, final Object in) {
        final Expression initial = step.expression("initializer");
        final Initializer<Object> initializer = () -> initial.text(variables());
        if (in instanceof CogroupedKStream<?, ?> stream) {
            return ((CogroupedKStream<Object, Object>) stream).aggregate(initializer, graph.materialized(step));
        }
        if (in instanceof TimeWindowedCogroupedKStream<?, ?> windowed) {
            return ((TimeWindowedCogroupedKStream<Object, Object>) windowed)
                .aggregate(initializer, graph.materialized(step));
        }
        if (in instanceof SessionWindowedCogroupedKStream<?, ?> windowed) {
            return ((SessionWindowedCogroupedKStream<Object, Object>) windowed)
                .aggregate(initializer, merger(step), graph.materialized(step));
        }
        final Aggregator<Object, Object, Object> aggregator = aggregator(step.expression("aggregator"));
        if (in instanceof KGroupedStream<?, ?> stream) {
            return ((KGroupedStream<Object, Object>) stream)
                .aggregate(initializer, aggregator, graph.materialized(step));
        }
        if (in instanceof KGroupedTable<?, ?> table) {
            final Aggregator<Object, Object, Object> subtractor = aggregator(step.expression("subtractor"));
            return ((KGroupedTable<Object, Object>) table)
                .aggregate(initializer, aggregator, subtractor, graph.materialized(step));
        }
        if (in instanceof SessionWindowedKStream<?, ?> windowed) {
            return ((SessionWindowedKStream<Object, Object>) windowed)
                .aggregate(initializer, aggregator, merger(step), graph.materialized(step));
        }
        return ((TimeWindowedKStream<Object, Object>) in).aggregate(initializer, aggregator, graph.materialized(step));
    }

    private Object cogroup(final Step step, final KGroupedStream<Object, Object> in) {
        CogroupedKStream<Object, Object> cogrouped = in.cogroup(aggregator(step.expression("aggregator")));
        for (final Step other : step.parts("with")) {
            cogrouped = cogrouped.cogroup(
                (KGroupedStream<Object, Object>) graph.get(other.text("in")), aggregator(other.expression("aggregator")));
        }
        return cogrouped;
    }

    private static Reducer<Object> reducer(final Expression expression) {
        return (aggregate, value) -> expression.text(variables("$aggregate", aggregate, "$value", value));
    }

    private static Aggregator<Object, Object, Object> aggregator(final Expression expression) {
        return (key, value, aggregate) ->
            expression.text(variables("$key", key, "$value", value, "$aggregate", aggregate));
    }

    private static Merger<Object, Object> merger(final Step step) {
        final Expression expression = step.expression("merger");
        return (key, first, second) -> expression.text(variables("$key", key, "$first", first, "$second", second));
    }
}
