package dev.kbmigrator.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The log table of {@code docs/operations.md} and what the code logs are the same. A row is
 * <pre>| WARN | `Standing by: {}` | what it means, and what to do |</pre>
 * with the level and the template of the code, letter by letter; the table is the one that begins with {@link #HEADER}.
 */
class LogTableTest {

    private static final String HEADER = "| level | message | what it means, and what to do |";
    private static final Pattern ROW = Pattern.compile("\\| (ERROR|WARN|INFO) \\| `([^`|]+)` \\| [^|]*\\S \\|");
    private static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));

    @Test
    void theTableHoldsExactlyWhatTheCodeLogs() throws IOException {
        String document = Files.readString(PROJECT.resolve("docs/operations.md"));
        assertThat(difference(logged(), table(document)))
                .as("the log table of docs/operations.md")
                .isEmpty();
    }

    /** What is to be added and removed, as rows to be pasted; empty when there is nothing. */
    private static String difference(Collection<LogLine> logged, List<LogLine> table) {
        Set<LogLine> missing = new TreeSet<>(logged);
        missing.removeAll(table);
        List<LogLine> superfluous = new ArrayList<>(table);
        Set.copyOf(logged).forEach(superfluous::remove);
        StringBuilder text = new StringBuilder();
        if (!missing.isEmpty()) {
            text.append("Add, because the code logs it:\n").append(rows(missing));
        }
        if (!superfluous.isEmpty()) {
            text.append("Remove, because no code logs it, or it is there twice:\n")
                    .append(rows(superfluous));
        }
        return text.toString();
    }

    private static String rows(Collection<LogLine> lines) {
        return lines.stream().map(LogLine::row).collect(Collectors.joining("\n", "", "\n"));
    }

    private static Set<LogLine> logged() throws IOException {
        Set<LogLine> lines = new TreeSet<>();
        try (Stream<Path> files = Files.walk(PROJECT.resolve("src/main/java"))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                lines.addAll(LogCalls.in(file.getFileName().toString(), Files.readString(file)));
            }
        }
        return lines;
    }

    private static List<LogLine> table(String document) {
        List<String> lines = document.lines().toList();
        int header = lines.indexOf(HEADER);
        assertThat(header).as("the line that begins the table: %s", HEADER).isNotNegative();
        List<LogLine> table = new ArrayList<>();
        for (String line : lines.subList(header + 2, lines.size())) {
            if (!line.startsWith("|")) {
                break;
            }
            Matcher row = ROW.matcher(line);
            assertThat(row.matches()).as("a row of the table: %s", line).isTrue();
            table.add(new LogLine(row.group(1), row.group(2)));
        }
        return table;
    }

    /** The comparison, over a made-up source and a made-up table. */
    @Nested
    class MadeUp {

        private static final String SOURCE = """
                class Loud {
                    private final Logger trouble = LoggerFactory.getLogger(Loud.class);
                    // LOG.atWarn().log("not this one");
                    /* nor LOG.atError().log("this one") */
                    void cry(Exception e) {
                        LOG.atInfo()
                                .addKeyValue("a (\\"bracket", f(')', "b"))
                                .setCause(e)
                                .log("Joined {}" + " from two, " // and a comment
                                        + "or \\"three\\"", 1);
                        LOG.atDebug().log("Nobody looks this up");
                        trouble.warn("Plain: {}", e.getMessage());
                        new Report(e).error("This is no logger");
                    }
                }
                """;

        private static final LogLine JOINED = new LogLine("INFO", "Joined {} from two, or \"three\"");
        private static final LogLine PLAIN = new LogLine("WARN", "Plain: {}");

        @Test
        void callsOfEachStyleAreFound() {
            assertThat(LogCalls.in("Loud.java", SOURCE)).containsExactlyInAnyOrder(JOINED, PLAIN);
        }

        @Test
        void aTemplateThatIsNoLiteralIsRefused() {
            for (String call : List.of(
                    "LOG.atWarn().log(text);",
                    "LOG.atWarn().log(\"a\" + text);",
                    "LOG.atWarn().setMessage(\"a\").log();",
                    "LOG.atLevel(level).log(\"a\");",
                    "var event = LOG.atWarn(); event.log(\"a\");")) {
                assertThatThrownBy(() -> LogCalls.in("Loud.java", call))
                        .as(call)
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("Loud.java");
            }
        }

        @Test
        void aMissingRowIsShownAsARow() {
            assertThat(difference(List.of(PLAIN, JOINED), List.of(JOINED)))
                    .startsWith("Add")
                    .contains("| WARN | `Plain: {}` |")
                    .doesNotContain("Remove", "Joined");
        }

        @Test
        void aSuperfluousRowAndOneThatIsThereTwiceAreShown() {
            assertThat(difference(List.of(PLAIN), List.of(PLAIN, JOINED)))
                    .startsWith("Remove")
                    .contains("| INFO | `Joined {} from two, or \"three\"` |");
            assertThat(difference(List.of(PLAIN), List.of(PLAIN, PLAIN)))
                    .startsWith("Remove")
                    .contains("`Plain: {}`");
        }

        @Test
        void aRowIsReadAsItIsWritten() {
            assertThat(table("text\n\n" + HEADER + "\n|---|---|---|\n" + PLAIN.row() + "\n" + JOINED.row()
                            + "\n\n| WARN |"))
                    .containsExactly(PLAIN, JOINED);
        }
    }
}
