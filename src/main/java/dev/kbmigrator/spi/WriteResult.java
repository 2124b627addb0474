package dev.kbmigrator.spi;

import java.util.Map;
import java.util.Set;

/**
 * The result of a batch of writes. If every epoch was current, the batch was written in one transaction, except for the KBs
 * in {@code exceptions}. If an epoch was stale, nothing was written. Immutable.
 *
 * @param staleScopes the scopes whose epoch was stale; empty if the batch was written
 * @param exceptions why the write did not happen, by KB id; a KB that is not listed was written
 */
public record WriteResult(Set<Integer> staleScopes, Map<String, NotDone> exceptions) {

    /** The result of a batch that was written completely. */
    public static final WriteResult ALL_DONE = new WriteResult(Set.of(), Map.of());

    /**
     * Creates a result. The set and the map are copied.
     *
     * @param staleScopes the scopes whose epoch was stale; empty if the batch was written
     * @param exceptions why the write did not happen, by KB id; a KB that is not listed was written
     */
    public WriteResult {
        staleScopes = Set.copyOf(staleScopes);
        exceptions = Map.copyOf(exceptions);
    }

    /**
     * Returns the result of a batch that was refused as a whole.
     *
     * @param staleScopes the scopes whose epoch was stale, at least one
     * @return the result
     * @throws IllegalArgumentException if there is no stale scope
     */
    public static WriteResult refused(Set<Integer> staleScopes) {
        if (staleScopes.isEmpty()) {
            throw new IllegalArgumentException("a refused batch must name at least one scope whose epoch was stale");
        }
        return new WriteResult(staleScopes, Map.of());
    }

    /**
     * Returns whether the batch was refused because an epoch was stale.
     *
     * @return true if nothing was written
     */
    public boolean refused() {
        return !staleScopes.isEmpty();
    }

    /** The reason why the write of one KB did not happen. */
    public sealed interface NotDone {}

    /**
     * The stored version was not the expected one.
     *
     * @param storedVersion the version that is stored instead
     */
    public record Stale(long storedVersion) implements NotDone {}

    /** The KB is not enrolled: it has been removed in the meantime. */
    public record Gone() implements NotDone {}
}
