package dev.kbmigrator.spi;

import java.util.Map;
import java.util.Set;

/**
 * The result of a batch of writes: which KBs were not written, and why. A KB was written unless
 *
 * <ul>
 *   <li>the whole batch was refused ({@code refused}),
 *   <li>its partition is a stale scope ({@code staleScopes}), or
 *   <li>it is one of the {@code exceptions}.
 * </ul>
 *
 * <p>A store may refuse only the KBs of the stale scopes and write the others, or it may refuse the whole batch. It says which.
 * The engine then writes the KBs of the other scopes again. Immutable.
 *
 * @param refused whether nothing at all was written, because at least one scope was stale
 * @param staleScopes the scopes whose epoch was not the newest, and the partitions of KBs for which the batch carried no epoch;
 *     empty if there was none
 * @param exceptions why the write did not happen, by KB id; empty if the batch was refused
 */
public record WriteResult(boolean refused, Set<Integer> staleScopes, Map<String, NotDone> exceptions) {

    /** The result of a batch that was written completely. */
    public static final WriteResult ALL_DONE = new WriteResult(Set.of(), Map.of());

    /**
     * Creates a result. The set and the map are copied.
     *
     * @param refused whether nothing at all was written
     * @param staleScopes the scopes whose epoch was stale or missing
     * @param exceptions why the write did not happen, by KB id
     * @throws IllegalArgumentException if the batch was refused, but no scope was stale
     */
    public WriteResult {
        staleScopes = Set.copyOf(staleScopes);
        exceptions = Map.copyOf(exceptions);
        if (refused && staleScopes.isEmpty()) {
            throw new IllegalArgumentException("a refused batch must name at least one scope whose epoch was stale");
        }
    }

    /**
     * Creates the result of a batch in which every KB was written whose partition is not a stale scope, except for some.
     *
     * @param staleScopes the scopes whose epoch was stale or missing; none of their KBs was written
     * @param exceptions why the write did not happen, by the id of a KB in another scope
     */
    public WriteResult(Set<Integer> staleScopes, Map<String, NotDone> exceptions) {
        this(false, staleScopes, exceptions);
    }

    /**
     * Returns the result of a batch that was refused as a whole: none of its KBs was written, in whichever scope.
     *
     * @param staleScopes the scopes whose epoch was stale or missing, at least one
     * @return the result
     * @throws IllegalArgumentException if there is no stale scope
     */
    public static WriteResult refused(Set<Integer> staleScopes) {
        return new WriteResult(true, staleScopes, Map.of());
    }

    /** The reason why the write of one KB did not happen. */
    public sealed interface NotDone {}

    /**
     * The stored version was not the expected one.
     *
     * @param storedVersion the version that is stored instead
     */
    public record Stale(long storedVersion) implements NotDone {}

    /**
     * The KB that the write was meant for is not enrolled any more. It has been removed in the meantime, and maybe enrolled
     * again, as another {@linkplain KbState#incarnation() incarnation}.
     */
    public record Gone() implements NotDone {}
}
