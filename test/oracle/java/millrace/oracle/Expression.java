package millrace.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The user functions of a scenario: {@code "$name"} is a variable, any other text is itself, an array is an operation. Its
 * counterpart is {@code test/oracle/expression.ts}: both must give the same for every expression.
 */
public final class Expression {
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,15}");

    private final JsonNode node;

    public Expression(final JsonNode node) {
        if (node == null) throw new IllegalArgumentException("an expression is missing");
        this.node = node;
    }

    /** A text, or null. */
    public String text(final Map<String, Object> variables) {
        final Object value = evaluate(node, variables);
        return value == null ? null : Text.of(value);
    }

    public boolean test(final Map<String, Object> variables) {
        return (Boolean) evaluate(node, variables);
    }

    @SuppressWarnings("unchecked")
    public List<String> parts(final Map<String, Object> variables) {
        return (List<String>) evaluate(node, variables);
    }

    private static Object evaluate(final JsonNode node, final Map<String, Object> variables) {
        if (node.isNull()) return null;
        if (node.isTextual()) {
            final String text = node.textValue();
            if (!text.startsWith("$")) return text;
            if (!variables.containsKey(text)) throw new IllegalArgumentException("no variable " + text);
            return variables.get(text);
        }
        final String operation = node.get(0).textValue();
        switch (operation) {
            case "if":
                return (Boolean) evaluate(node.get(1), variables)
                    ? evaluate(node.get(2), variables)
                    : evaluate(node.get(3), variables);
            case "isNull":
                return evaluate(node.get(1), variables) == null;
            case "not":
                return !(Boolean) evaluate(node.get(1), variables);
            case "and":
                return (Boolean) evaluate(node.get(1), variables) && (Boolean) evaluate(node.get(2), variables);
            case "or":
                return (Boolean) evaluate(node.get(1), variables) || (Boolean) evaluate(node.get(2), variables);
            case "concat": {
                final StringBuilder joined = new StringBuilder();
                for (int i = 1; i < node.size(); i++) joined.append(operand(node, i, variables));
                return joined.toString();
            }
            case "upper":
                return operand(node, 1, variables).toUpperCase();
            case "length":
                return Integer.toString(operand(node, 1, variables).length());
            case "add":
                return Long.toString(number(operand(node, 1, variables)) + number(operand(node, 2, variables)));
            case "subtract":
                return Long.toString(number(operand(node, 1, variables)) - number(operand(node, 2, variables)));
            case "less":
                return number(operand(node, 1, variables)) < number(operand(node, 2, variables));
            case "max": {
                final String first = operand(node, 1, variables);
                final String second = operand(node, 2, variables);
                return first.compareTo(second) >= 0 ? first : second;
            }
            case "equals":
                return operand(node, 1, variables).equals(operand(node, 2, variables));
            case "startsWith":
                return operand(node, 1, variables).startsWith(operand(node, 2, variables));
            case "contains":
                return operand(node, 1, variables).contains(operand(node, 2, variables));
            case "prefix": {
                final String text = operand(node, 1, variables);
                return text.substring(0, Math.min(text.length(), (int) number(operand(node, 2, variables))));
            }
            case "field": {
                final List<String> fields = split(operand(node, 1, variables), operand(node, 2, variables));
                final int index = (int) number(operand(node, 3, variables));
                return index < fields.size() ? fields.get(index) : "";
            }
            case "split":
                return split(operand(node, 1, variables), operand(node, 2, variables));
            case "bucket": {
                int sum = 0;
                for (final char unit : operand(node, 1, variables).toCharArray()) sum += unit;
                return Integer.toString(sum % (int) number(operand(node, 2, variables)));
            }
            case "remove": {
                final String text = operand(node, 1, variables);
                final String part = operand(node, 2, variables);
                final int at = text.indexOf(part);
                return at < 0 ? text : text.substring(0, at) + text.substring(at + part.length());
            }
            default:
                throw new IllegalArgumentException("no operation " + operation);
        }
    }

    private static String operand(final JsonNode node, final int index, final Map<String, Object> variables) {
        return Text.of(evaluate(node.get(index), variables));
    }

    private static long number(final String text) {
        return NUMBER.matcher(text).matches() ? Long.parseLong(text) : 0;
    }

    private static List<String> split(final String text, final String separator) {
        return List.of(text.split(Pattern.quote(separator), -1));
    }
}
