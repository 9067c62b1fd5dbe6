package millrace.bench;

import java.util.HashMap;
import java.util.Map;

/** Command line options of the form {@code --name value}, or {@code --name} alone for a flag. */
final class Options {
  private final Map<String, String> values = new HashMap<>();

  Options(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (!arguments[i].startsWith("--")) throw new IllegalArgumentException("not an option: " + arguments[i]);
      boolean hasValue = i + 1 < arguments.length && !arguments[i + 1].startsWith("--");
      values.put(arguments[i].substring(2), hasValue ? arguments[++i] : "true");
    }
  }

  String text(String name) {
    String value = values.get(name);
    if (value == null) throw new IllegalArgumentException("--" + name + " is missing");
    return value;
  }

  int number(String name) {
    return Integer.parseInt(text(name));
  }

  boolean flag(String name) {
    return values.containsKey(name);
  }
}
