package millrace.oracle;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.kstream.Windowed;

/** How every key and value of a scenario is written: a text; a windowed key as {@code key@start/end}. */
public final class Text implements Serde<Object> {
    public static final Text SERDE = new Text();

    public static String of(final Object value) {
        if (value == null) return "null";
        if (value instanceof Windowed<?> windowed) {
            return of(windowed.key()) + "@" + windowed.window().start() + "/" + windowed.window().end();
        }
        return value.toString();
    }

    @Override
    public Serializer<Object> serializer() {
        return (topic, value) -> value == null ? null : of(value).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Deserializer<Object> deserializer() {
        return (topic, bytes) -> bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
