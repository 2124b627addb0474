package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What the store knows about one KB. Immutable.
 *
 * @param kbId the KB's id
 * @param version its current version; 0 if no migration has run
 * @param record its KB record, or null if it has none
 */
public record KbState(String kbId, long version, @Nullable KbRecord record) {}
