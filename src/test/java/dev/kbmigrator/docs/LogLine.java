package dev.kbmigrator.docs;

import java.util.Comparator;
import java.util.List;

/** A line that the library may log: its level, and its message with a {@code {}} for each value. */
record LogLine(String level, String message) implements Comparable<LogLine> {

    private static final List<String> LEVELS = List.of("ERROR", "WARN", "INFO");

    /** The gravest first. */
    @Override
    public int compareTo(LogLine other) {
        return Comparator.<LogLine>comparingInt(line -> LEVELS.indexOf(line.level()))
                .thenComparing(LogLine::message)
                .compare(this, other);
    }

    /** As a row of the table, for somebody to say what it means. */
    String row() {
        return "| " + level + " | `" + message + "` | (what it means, and what to do) |";
    }
}
