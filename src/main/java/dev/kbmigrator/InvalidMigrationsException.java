package dev.kbmigrator;

import java.util.List;

/** The migrations do not fit together, or do not fit what has run before. Names every problem at once; nothing was run. */
public final class InvalidMigrationsException extends MigratorException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * With all that is wrong.
     *
     * @param problems a sentence each, at least one
     */
    public InvalidMigrationsException(List<String> problems) {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    /**
     * All that is wrong.
     *
     * @return a sentence each
     */
    public List<String> problems() {
        return problems;
    }

    private static String message(List<String> problems) {
        if (problems.size() == 1) {
            return problems.get(0);
        }
        return problems.size() + " problems:\n- " + String.join("\n- ", problems);
    }
}
