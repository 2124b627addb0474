package dev.kbmigrator.internal.state;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * When a migration that needs a full rollout may start: when every replica knows it. Silence is no consent. A replica that has
 * announced itself is waited for until it knows the version, signs off, is forgotten by a person, or has been silent for the grace
 * period, both by the store's clock and by the monotonic time of whoever asks: a clock that jumps makes nobody silent. A replica that
 * cannot announce itself tells its host so after half of the grace period, so that it no longer serves by
 * the time it no longer counts. Pure.
 */
public final class FullRollout {

    private FullRollout() {}

    /** Returns the migration that starts next, if it needs a full rollout; null otherwise. */
    private static @Nullable MigrationInfo next(FleetView view) {
        FleetState state = view.state();
        for (MigrationInfo migration : state.plan().between(state.current(), state.target())) {
            return migration.fullRollout() && migration.version() > state.open() ? migration : null;
        }
        return null;
    }

    /** Returns the replicas that the next stage waits for. */
    public static List<ReplicaState> missing(FleetView view, Duration grace) {
        MigrationInfo next = next(view);
        if (next == null) {
            return List.of();
        }
        return view.snapshot().replicas().stream()
                .filter(view::isOfThisFleet)
                .filter(replica -> replica.info().newestVersion() < next.version())
                .filter(replica -> view.silentNanos(replica) <= grace.toNanos())
                .toList();
    }

    /** Returns the same in a sentence; empty when nothing waits. */
    public static Optional<String> waitingFor(FleetView view, Duration grace) {
        List<ReplicaState> missing = missing(view, grace);
        MigrationInfo next = next(view);
        if (missing.isEmpty() || next == null) {
            return Optional.empty();
        }
        return Optional.of(next + " starts when every replica knows it; waiting for "
                + missing.stream().map(FullRollout::describe).collect(Collectors.joining(", ")));
    }

    private static String describe(ReplicaState replica) {
        ReplicaInfo info = replica.info();
        return "replica " + ShortText.shown(info.replicaId()) + " on " + ShortText.shown(info.node()) + " (build "
                + ShortText.shown(info.build()) + ", version " + info.newestVersion() + ")";
    }

    /** Returns the first migration that has started, needed a full rollout, and is not known to this build. */
    public static Optional<MigrationInfo> startedButUnknown(FleetView view) {
        return view.state().plan().migrations().stream()
                .filter(MigrationInfo::fullRollout)
                .filter(migration -> migration.version() <= view.state().open())
                .filter(migration -> migration.version() > view.comparison().upTo())
                .findFirst();
    }

    /** Returns whether the next stage may not begin yet, because it needs a full rollout and replicas are missing. */
    public static boolean isWaitedFor(FleetView view, Duration grace) {
        return view.state().open() <= view.state().current()
                && !missing(view, grace).isEmpty();
    }
}
