package millrace.oracle;

import static millrace.oracle.Step.variables;

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** Keeps a state per key, {@code state}; forwards {@code output} of it for each record; a punctuator forwards that of every key. */
final class StatefulProcessor implements Processor<Object, Object, Object, Object> {
    private final Step step;
    private final String storeName;
    private ProcessorContext<Object, Object> context;
    private KeyValueStore<Object, Object> store;

    StatefulProcessor(final Step step, final String storeName) {
        this.step = step;
        this.storeName = storeName;
    }

    @Override
    public void init(final ProcessorContext<Object, Object> context) {
        this.context = context;
        store = context.getStateStore(storeName);
        if (!step.has("punctuate")) return;
        final Step punctuate = step.part("punctuate");
        final PunctuationType type = punctuate.text("time").equals("stream")
            ? PunctuationType.STREAM_TIME
            : PunctuationType.WALL_CLOCK_TIME;
        context.schedule(punctuate.milliseconds("everyMs"), type, this::punctuate);
    }

    private void punctuate(final long timestamp) {
        final Expression output = step.part("punctuate").expression("output");
        final List<KeyValue<Object, Object>> entries = new ArrayList<>();
        try (var all = store.all()) {
            all.forEachRemaining(entries::add);
        }
        for (final KeyValue<Object, Object> entry : entries) {
            final var variables = variables("$key", entry.key, "$state", entry.value);
            context.forward(new Record<>(entry.key, output.text(variables), timestamp));
        }
        if (step.part("punctuate").flag("clear")) {
            for (final KeyValue<Object, Object> entry : entries) store.delete(entry.key);
        }
    }

    @Override
    public void process(final Record<Object, Object> record) {
        final Object before = record.key() == null ? null : store.get(record.key());
        final var variables = variables("$key", record.key(), "$value", record.value(), "$state", before);
        if (record.key() != null) {
            final String state = step.expression("state").text(variables);
            if (state == null) store.delete(record.key());
            else store.put(record.key(), state);
            variables.put("$state", state);
        }
        if (step.has("output")) context.forward(record.withValue(step.expression("output").text(variables)));
    }
}
