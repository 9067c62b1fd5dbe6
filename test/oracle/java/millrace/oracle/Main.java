package millrace.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Utils;

/** Reads a scenario per line and writes {@code {"id", "outputs", "error"}} per line, in the order in which they end. */
public final class Main {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(final String[] arguments) throws Exception {
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        final ExecutorService threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final String scenario = line;
            if (scenario.isBlank()) continue;
            threads.execute(() -> {
                final String answer = answer(scenario);
                synchronized (out) {
                    out.println(answer);
                    out.flush();
                }
            });
        }
        threads.shutdown();
        threads.awaitTermination(1, TimeUnit.HOURS);
        Utils.delete(ScenarioRun.STATE.toFile());
    }

    private static String answer(final String line) {
        final ObjectNode answer = JSON.createObjectNode();
        try {
            final JsonNode scenario = JSON.readTree(line);
            answer.set("id", scenario.get("id"));
            new ScenarioRun(scenario).run(answer);
        } catch (final Throwable error) {
            final java.io.StringWriter trace = new java.io.StringWriter();
            error.printStackTrace(new java.io.PrintWriter(trace));
            answer.put("broken", trace.toString());
        }
        return answer.toString();
    }
}
