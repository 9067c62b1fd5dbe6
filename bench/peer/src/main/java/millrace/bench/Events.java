package millrace.bench;

/** One JSON object a line on stdout, with the wall clock in milliseconds. */
final class Events {
  private Events() {}

  static synchronized void print(String event, Object... namesAndValues) {
    StringBuilder line = new StringBuilder("{\"event\":\"").append(event).append('"');
    line.append(",\"time\":").append(System.currentTimeMillis());
    for (int i = 0; i < namesAndValues.length; i += 2) {
      line.append(",\"").append(namesAndValues[i]).append("\":");
      Object value = namesAndValues[i + 1];
      if (value instanceof Number) line.append(value);
      else line.append('"').append(value).append('"');
    }
    System.out.println(line.append('}'));
    System.out.flush();
  }
}
