package dev.kbmigrator;

import java.util.Optional;

/**
 * Whether a replica may serve requests, as far as migrations that {@link Migration#requiresFullRollout need a full rollout} are
 * concerned.
 *
 * @param ready whether it may serve
 * @param reason why it may not, in one sentence; empty when it may
 */
public record Readiness(boolean ready, Optional<String> reason) {

    /** The replica may serve. */
    public static final Readiness READY = new Readiness(true, Optional.empty());

    /**
     * The replica may not serve.
     *
     * @param reason why not, in one sentence
     * @return the answer
     */
    public static Readiness notReady(String reason) {
        return new Readiness(false, Optional.of(reason));
    }
}
