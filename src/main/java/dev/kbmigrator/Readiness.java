package dev.kbmigrator;

import java.util.Optional;

/**
 * Whether a replica may serve requests, as far as its migrator can tell: see {@link Migrator#readiness()}.
 *
 * @param ready whether the replica may serve
 * @param reason why it may not, in one sentence; empty if it may
 */
public record Readiness(boolean ready, Optional<String> reason) {

    /** The replica may serve. */
    public static final Readiness READY = new Readiness(true, Optional.empty());

    /**
     * Returns a readiness that says that the replica may not serve.
     *
     * @param reason why not, in one sentence
     * @return the readiness, with {@code ready} false
     */
    public static Readiness notReady(String reason) {
        return new Readiness(false, Optional.of(reason));
    }
}
