package dev.kbmigrator.support;

import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes for KBs as a store has them now. */
public final class Writes {

    private Writes() {}

    /** Which enrolment of a KB is stored; the KB must be enrolled. */
    public static long incarnation(StateStore store, String kbId) {
        KbState kb = store.find(Set.of(kbId)).get(kbId);
        return Objects.requireNonNull(kb, "the KB is not enrolled").incarnation();
    }

    public static KbWrite advanced(StateStore store, String kbId, long from, long to) {
        return new KbWrite.Advanced(kbId, incarnation(store, kbId), from, to);
    }

    public static KbWrite failed(
            StateStore store,
            String kbId,
            long from,
            long version,
            int failures,
            String error,
            @Nullable Duration retryAfter) {
        return new KbWrite.Failed(kbId, incarnation(store, kbId), from, version, failures, error, retryAfter);
    }

    public static KbWrite checkpointed(StateStore store, String kbId, long from, long version, String checkpoint) {
        return new KbWrite.Checkpointed(kbId, incarnation(store, kbId), from, version, checkpoint);
    }
}
