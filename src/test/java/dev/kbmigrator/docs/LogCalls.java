package dev.kbmigrator.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The SLF4J calls of a Java source at INFO, WARN and ERROR, with their templates.
 *
 * <ol>
 *   <li>Comments are left out.
 *   <li>A fluent call starts at {@code atInfo()}, {@code atWarn()} or {@code atError()} and leads through further calls to
 *       {@code log}; a plain one is {@code info}, {@code warn} or {@code error} of a variable that is declared as a
 *       {@code Logger}.
 *   <li>The template is the first argument: a string literal, or several joined by {@code +}. Anything else is refused, as
 *       nobody could look it up.
 * </ol>
 */
final class LogCalls {

    private static final String STRING = "\"(?:\\\\.|[^\"\\\\\\n])*\"";
    private static final String TEXT_BLOCK = "\"\"\"[\\s\\S]*?\"\"\"";
    private static final String CHARACTER = "'(?:\\\\.|[^'\\\\])*'";
    private static final Pattern COMMENT =
            Pattern.compile("(" + TEXT_BLOCK + "|" + STRING + "|" + CHARACTER + ")|//[^\\n]*|/\\*[\\s\\S]*?\\*/");
    private static final Pattern LOGGER = Pattern.compile("\\bLogger\\s+(\\w+)\\b");
    private static final Pattern FLUENT = Pattern.compile("\\.\\s*at(Info|Warn|Error|Level)\\s*\\(");
    private static final Pattern NEXT_CALL = Pattern.compile("\\s*\\.\\s*(\\w+)\\s*\\(");
    private static final Pattern LITERALS =
            Pattern.compile("\\s*(" + STRING + "(?:\\s*\\+\\s*" + STRING + ")*)\\s*[,)]");
    private static final Pattern TOKEN =
            Pattern.compile(TEXT_BLOCK + "|" + STRING + "|" + CHARACTER + "|[()]", Pattern.DOTALL);

    private final String name;
    private final String source;
    private final List<LogLine> found = new ArrayList<>();

    private LogCalls(String name, String source) {
        this.name = name;
        this.source = COMMENT.matcher(source)
                .replaceAll(match -> match.group(1) == null ? " " : Matcher.quoteReplacement(match.group(1)));
    }

    static List<LogLine> in(String name, String source) {
        LogCalls calls = new LogCalls(name, source);
        calls.findFluent();
        calls.findPlain();
        return calls.found;
    }

    private void findFluent() {
        Matcher call = FLUENT.matcher(source);
        while (call.find()) {
            int end = afterArguments(call.end());
            Matcher next = NEXT_CALL.matcher(source).region(end, source.length());
            while (next.lookingAt() && !next.group(1).equals("log")) {
                end = afterArguments(next.end());
                next.region(end, source.length());
            }
            if (!next.lookingAt() || call.group(1).equals("Level")) {
                throw refused(call.start(), "a level that is computed, or an event that is logged elsewhere");
            }
            add(call.group(1), next.end());
        }
    }

    private void findPlain() {
        Matcher logger = LOGGER.matcher(source);
        List<String> names = new ArrayList<>();
        while (logger.find()) {
            names.add(logger.group(1));
        }
        if (!names.isEmpty()) {
            Matcher call = Pattern.compile("\\b(?:" + String.join("|", names) + ")\\s*\\.\\s*(info|warn|error)\\s*\\(")
                    .matcher(source);
            while (call.find()) {
                add(call.group(1), call.end());
            }
        }
    }

    private void add(String level, int arguments) {
        Matcher literals = LITERALS.matcher(source).region(arguments, source.length());
        if (!literals.lookingAt()) {
            throw refused(arguments, "a template that is no string literal");
        }
        StringBuilder template = new StringBuilder();
        Matcher literal = Pattern.compile(STRING).matcher(literals.group(1));
        while (literal.find()) {
            String quoted = literal.group();
            template.append(quoted.substring(1, quoted.length() - 1).translateEscapes());
        }
        found.add(new LogLine(level.toUpperCase(Locale.ROOT), template.toString()));
    }

    /** The place behind the bracket that ends the arguments. */
    private int afterArguments(int start) {
        Matcher token = TOKEN.matcher(source).region(start, source.length());
        int depth = 1;
        while (depth > 0 && token.find()) {
            if (token.group().equals("(")) {
                depth++;
            } else if (token.group().equals(")")) {
                depth--;
            }
        }
        return token.end();
    }

    private IllegalArgumentException refused(int place, String what) {
        long line = source.substring(0, place).lines().count();
        return new IllegalArgumentException(name + ", near line " + line + " without its comments: " + what);
    }
}
