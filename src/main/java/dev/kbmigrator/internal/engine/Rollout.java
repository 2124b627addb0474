package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Migrations that start only when every replica knows them. Silence is no consent: a replica that announced itself is waited
 * for until it knows the version, says goodbye, is forgotten by a person, or has been silent for the grace. A replica that
 * cannot announce itself tells its host so after half of the grace, so that it no longer serves when it no longer counts.
 * Pure.
 */
final class Rollout {

    private Rollout() {}

    /** What the fleet starts next, if that waits for replicas; null when nothing does. */
    private static @Nullable MigrationInfo next(View view) {
        GlobalState state = view.state();
        for (MigrationInfo migration : Plans.between(state.plan(), state.current(), state.target())) {
            return migration.fullRollout() && migration.version() > state.open() ? migration : null;
        }
        return null;
    }

    /** The replicas that the next stage waits for. */
    static List<ReplicaState> missing(View view, Duration grace) {
        MigrationInfo next = next(view);
        if (next == null) {
            return List.of();
        }
        long silentSince = view.snapshot().storeMicros() - TimeUnit.NANOSECONDS.toMicros(grace.toNanos());
        return view.snapshot().replicas().stream()
                .filter(replica -> replica.newestVersion() < next.version())
                .filter(replica -> replica.lastSeenMicros() >= silentSince)
                .toList();
    }

    /** The same, for people; empty when nothing waits. */
    static Optional<String> waitingFor(View view, Duration grace) {
        List<ReplicaState> missing = missing(view, grace);
        MigrationInfo next = next(view);
        if (missing.isEmpty() || next == null) {
            return Optional.empty();
        }
        return Optional.of(next + " starts when every replica knows it; waiting for "
                + missing.stream().map(Rollout::describe).collect(Collectors.joining(", ")));
    }

    private static String describe(ReplicaState replica) {
        return "replica " + replica.replicaId() + " on " + replica.node() + " (build " + replica.build() + ", version "
                + replica.newestVersion() + ")";
    }

    /** The first migration that has been opened, needed every replica to know it, and is not known to this one. */
    static Optional<MigrationInfo> openButUnknown(View view) {
        return view.state().plan().stream()
                .filter(MigrationInfo::fullRollout)
                .filter(migration -> migration.version() <= view.state().open())
                .filter(migration -> migration.version() > view.knowledge().upTo())
                .findFirst();
    }

    /** Whether the next stage may not begin yet, because replicas are missing in the rollout that it needs. */
    static boolean isWaitedFor(View view, Duration grace) {
        return view.state().open() <= view.state().current()
                && !missing(view, grace).isEmpty();
    }
}
