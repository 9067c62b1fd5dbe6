package millrace.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** One node of a scenario's graph: its operator and that operator's parameters. */
public final class Step {
    private final JsonNode json;

    public Step(final JsonNode json) {
        this.json = json;
    }

    public String operator() {
        return text("op");
    }

    public String id() {
        return text("id");
    }

    public boolean has(final String field) {
        return json.hasNonNull(field);
    }

    public boolean flag(final String field) {
        return json.path(field).asBoolean(false);
    }

    /** Whether the flag is there and false. */
    public boolean refuses(final String field) {
        return !json.path(field).asBoolean(true);
    }

    public String text(final String field) {
        if (!json.hasNonNull(field)) throw new IllegalArgumentException("no " + field + " in " + json);
        return json.get(field).textValue();
    }

    public int number(final String field) {
        if (!json.hasNonNull(field)) throw new IllegalArgumentException("no " + field + " in " + json);
        return json.get(field).intValue();
    }

    public Duration milliseconds(final String field) {
        return Duration.ofMillis(number(field));
    }

    public Step part(final String field) {
        if (!json.hasNonNull(field)) throw new IllegalArgumentException("no " + field + " in " + json);
        return new Step(json.get(field));
    }

    public Iterable<Step> parts(final String field) {
        return () -> {
            final var elements = json.get(field).elements();
            return new java.util.Iterator<>() {
                @Override
                public boolean hasNext() {
                    return elements.hasNext();
                }

                @Override
                public Step next() {
                    return new Step(elements.next());
                }
            };
        };
    }

    public Expression expression(final String field) {
        return new Expression(json.get(field));
    }

    /** Variables by name, value, name, value... Values may be null. */
    public static Map<String, Object> variables(final Object... pairs) {
        final Map<String, Object> variables = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) variables.put((String) pairs[i], pairs[i + 1]);
        return variables;
    }
}
