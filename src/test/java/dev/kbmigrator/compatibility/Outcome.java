package dev.kbmigrator.compatibility;

import java.util.Collection;

/** What became of a test. */
enum Outcome {
    PASSED("✓"),
    FAILED("**failed**"),
    SKIPPED("skipped");

    private final String mark;

    Outcome(String mark) {
        this.mark = mark;
    }

    String mark() {
        return mark;
    }

    long in(Collection<Outcome> outcomes) {
        return outcomes.stream().filter(outcome -> outcome == this).count();
    }
}
