package millrace.oracle;

import static millrace.oracle.StreamSteps.of;
import static millrace.oracle.Step.variables;

import java.util.function.BiFunction;
import org.apache.kafka.streams.kstream.GlobalKTable;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.StreamJoined;
import org.apache.kafka.streams.kstream.ValueJoiner;
import org.apache.kafka.streams.kstream.ValueJoinerWithKey;

/** All joins. The joiner sees {@code $left} and {@code $right}, and {@code $key} where Kafka Streams gives it one. */
@SuppressWarnings("unchecked")
final class JoinSteps {
    private final Graph graph;

    JoinSteps(final Graph graph) {
        this.graph = graph;
    }

    Object build(final Step step) {
        final Object left = graph.get(step.text("in"));
        final Object right = graph.get(step.text("with"));
        final Expression joiner = step.expression("joiner");
        if (left instanceof KStream<?, ?> stream) {
            final ValueJoinerWithKey<Object, Object, Object, Object> withKey =
                (key, a, b) -> joiner.text(variables("$key", key, "$left", a, "$right", b));
            if (right instanceof GlobalKTable<?, ?> table) {
                return streamGlobal(step, (KStream<Object, Object>) stream, (GlobalKTable<Object, Object>) table, withKey);
            }
            if (right instanceof KTable<?, ?> table) {
                return streamTable(step, (KStream<Object, Object>) stream, (KTable<Object, Object>) table, withKey);
            }
            return streamStream(step, (KStream<Object, Object>) stream, (KStream<Object, Object>) right, withKey);
        }
        final ValueJoiner<Object, Object, Object> values = (a, b) -> joiner.text(variables("$left", a, "$right", b));
        return step.has("foreignKey")
            ? foreignKey(step, (KTable<Object, Object>) left, (KTable<Object, Object>) right, values)
            : tableTable(step, (KTable<Object, Object>) left, (KTable<Object, Object>) right, values);
    }

    private static Object streamGlobal(
        final Step step,
        final KStream<Object, Object> stream,
        final GlobalKTable<Object, Object> table,
        final ValueJoinerWithKey<Object, Object, Object, Object> joiner
    ) {
        final Expression tableKey = step.expression("tableKey");
        final KeyValueMapper<Object, Object, Object> selector = (key, value) -> tableKey.text(of(key, value));
        return step.operator().equals("join")
            ? stream.join(table, selector, joiner)
            : stream.leftJoin(table, selector, joiner);
    }

    private static Object streamTable(
        final Step step,
        final KStream<Object, Object> stream,
        final KTable<Object, Object> table,
        final ValueJoinerWithKey<Object, Object, Object, Object> joiner
    ) {
        Joined<Object, Object, Object> joined = Joined.with(Text.SERDE, Text.SERDE, Text.SERDE);
        if (step.has("graceMs")) joined = joined.withName(step.id()).withGracePeriod(step.milliseconds("graceMs"));
        return step.operator().equals("join")
            ? stream.join(table, joiner, joined)
            : stream.leftJoin(table, joiner, joined);
    }

    private static Object streamStream(
        final Step step,
        final KStream<Object, Object> left,
        final KStream<Object, Object> right,
        final ValueJoinerWithKey<Object, Object, Object, Object> joiner
    ) {
        final Step window = step.part("window");
        JoinWindows windows = JoinWindows.ofTimeDifferenceAndGrace(
            window.milliseconds("timeDifferenceMs"), window.milliseconds("graceMs"));
        if (window.has("beforeMs")) windows = windows.before(window.milliseconds("beforeMs"));
        if (window.has("afterMs")) windows = windows.after(window.milliseconds("afterMs"));
        final StreamJoined<Object, Object, Object> joined = StreamJoined.with(Text.SERDE, Text.SERDE, Text.SERDE);
        switch (step.operator()) {
            case "join":
                return left.join(right, joiner, windows, joined);
            case "leftJoin":
                return left.leftJoin(right, joiner, windows, joined);
            default:
                return left.outerJoin(right, joiner, windows, joined);
        }
    }

    private Object tableTable(
        final Step step,
        final KTable<Object, Object> left,
        final KTable<Object, Object> right,
        final ValueJoiner<Object, Object, Object> joiner
    ) {
        final boolean stored = step.flag("materialize") || step.has("historyRetentionMs");
        switch (step.operator()) {
            case "join":
                return stored ? left.join(right, joiner, graph.materialized(step)) : left.join(right, joiner);
            case "leftJoin":
                return stored ? left.leftJoin(right, joiner, graph.materialized(step)) : left.leftJoin(right, joiner);
            default:
                return stored ? left.outerJoin(right, joiner, graph.materialized(step)) : left.outerJoin(right, joiner);
        }
    }

    private Object foreignKey(
        final Step step,
        final KTable<Object, Object> left,
        final KTable<Object, Object> right,
        final ValueJoiner<Object, Object, Object> joiner
    ) {
        final Expression expression = step.expression("foreignKey");
        final BiFunction<Object, Object, Object> extractor = (key, value) -> expression.text(of(key, value));
        return step.operator().equals("join")
            ? left.join(right, extractor, joiner, graph.materialized(step))
            : left.leftJoin(right, extractor, joiner, graph.materialized(step));
    }
}
