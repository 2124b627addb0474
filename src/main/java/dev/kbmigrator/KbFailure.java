package dev.kbmigrator;

import java.time.Instant;
import java.util.Optional;

/**
 * A KB that could not be brought to a version so far.
 *
 * @param kbId the KB
 * @param version the version that it has not reached
 * @param failures how many attempts have failed
 * @param error what the last one said
 * @param nextAttempt when it is due again, by the store's clock; empty when it was set aside
 */
public record KbFailure(String kbId, long version, int failures, String error, Optional<Instant> nextAttempt) {}
