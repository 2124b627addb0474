package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What the store knows about one KB. Immutable.
 *
 * @param kbId the KB's id
 * @param incarnation the number that its enrolment was given: at least 1, and never the number of an earlier enrolment of the
 *     same id. A KB that is removed and enrolled again is another KB, and a write that was meant for the first must not reach it
 * @param version its current version; 0 if no migration has run
 * @param record its KB record, or null if it has none
 */
public record KbState(
        String kbId,
        long incarnation,
        long version,
        @Nullable KbRecord record) {}
