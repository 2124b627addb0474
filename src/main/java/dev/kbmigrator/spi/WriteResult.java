package dev.kbmigrator.spi;

import java.util.Map;
import java.util.Set;

/**
 * What became of a batch of writes. Either every epoch was current, and the writes happened together, each as
 * {@code exceptions} says; or some were stale, and nothing was written at all.
 *
 * @param staleScopes the scopes whose epoch was stale; empty when the batch was written
 * @param exceptions the KBs whose write did not happen, and why; every other KB's was done
 */
public record WriteResult(Set<Integer> staleScopes, Map<String, NotDone> exceptions) {

    /** Everything was written. */
    public static final WriteResult ALL_DONE = new WriteResult(Set.of(), Map.of());

    /**
     * Copies its parts.
     *
     * @param staleScopes the scopes whose epoch was stale; empty when the batch was written
     * @param exceptions the KBs whose write did not happen, and why; every other KB's was done
     */
    public WriteResult {
        staleScopes = Set.copyOf(staleScopes);
        exceptions = Map.copyOf(exceptions);
    }

    /**
     * A batch that was refused whole.
     *
     * @param staleScopes the scopes whose epoch was stale, at least one
     * @return the result
     */
    public static WriteResult refused(Set<Integer> staleScopes) {
        if (staleScopes.isEmpty()) {
            throw new IllegalArgumentException("a refusal names the scopes whose epoch was stale");
        }
        return new WriteResult(staleScopes, Map.of());
    }

    /**
     * Whether the batch was refused because an epoch was stale.
     *
     * @return whether nothing was written
     */
    public boolean refused() {
        return !staleScopes.isEmpty();
    }

    /** Why one KB's write did not happen. */
    public sealed interface NotDone {}

    /**
     * The stored version was not the expected one.
     *
     * @param storedVersion the version that is stored
     */
    public record Stale(long storedVersion) implements NotDone {}

    /** The KB is not enrolled: it was deleted meanwhile. */
    public record Gone() implements NotDone {}
}
