package dev.kbmigrator;

import java.time.Instant;
import java.util.Optional;

/**
 * A KB that has failed to reach a version so far.
 *
 * @param kbId the KB's id
 * @param version the version that the KB has not reached
 * @param failures the number of executions that have failed at this version
 * @param error the error of the last failure
 * @param nextAttempt when the KB is tried again, by the state store's clock; empty if the KB was set aside
 */
public record KbFailure(String kbId, long version, int failures, String error, Optional<Instant> nextAttempt) {}
