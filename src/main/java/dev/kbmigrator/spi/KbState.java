package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What the store knows of one KB.
 *
 * @param kbId the KB's id
 * @param version its current version; 0 when nothing has run
 * @param record its record, or null when it has none
 */
public record KbState(String kbId, long version, @Nullable KbRecord record) {}
