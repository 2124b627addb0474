package dev.kbmigrator;

import java.util.List;

/**
 * Thrown when the migrations are inconsistent, or do not fit what the fleet has already run. It names every problem at once.
 * Nothing was run.
 */
public final class InvalidMigrationsException extends MigratorException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * Creates the exception. Its message contains all problems.
     *
     * @param problems the problems, at least one, a sentence each
     */
    public InvalidMigrationsException(List<String> problems) {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    /**
     * Returns everything that is wrong.
     *
     * @return the problems, a sentence each, as an unmodifiable list; null after deserialization
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
