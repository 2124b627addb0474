package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.ExecutionThread;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.ReplicaActivity;
import dev.kbmigrator.internal.state.ReplicaActivity.Running;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.Trouble;
import dev.kbmigrator.spi.Epoch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Says what a replica is doing: to its own status, and with its looks to whoever asks another replica. Executions that began only a
 * moment ago are left out of a report, so that a replica that runs many short ones costs nothing more. Safe for use by many threads.
 */
final class ReplicaReporter {

    private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ReplicaServices services;
    private final Environment environment;

    ReplicaReporter(ReplicaServices services, Environment environment) {
        this.services = services;
        this.environment = environment;
    }

    /** Returns the report for the next look; empty before the first look, because times are by the store's clock. */
    String report() {
        FleetView view = services.observer().viewOrNull();
        if (view == null) {
            return "";
        }
        ReplicaActivity activity = activity(view, SHORT_NANOS);
        return activity.equals(ReplicaActivity.NONE) ? "" : activity.toJson();
    }

    /** Returns what this replica is doing now. */
    ReplicaActivity activity(FleetView view) {
        return activity(view, 0);
    }

    private ReplicaActivity activity(FleetView view, long youngest) {
        Set<Integer> partitions = new TreeSet<>(services.leases().scopes());
        boolean coordinating = partitions.remove(Epoch.COORDINATOR);
        List<Trouble> troubles = services.troubles().present(view::storeMicrosAt);
        return new ReplicaActivity(coordinating, List.copyOf(partitions), running(view, youngest), 0, troubles);
    }

    private List<Running> running(FleetView view, long youngest) {
        long now = environment.nanoTime();
        List<Running> running = new ArrayList<>();
        for (ExecutionThread thread : services.pool().busy()) {
            Execution execution = thread.current();
            long startedAt = thread.startedAt();
            if (execution != null && now - startedAt >= youngest) {
                OptionalLong checkpoint = execution.checkpointedAt();
                running.add(new Running(
                        execution.info().toString(),
                        execution.kbId().orElse(""),
                        view.storeMicrosAt(startedAt),
                        execution.progress(),
                        checkpoint.isPresent() ? view.storeMicrosAt(checkpoint.getAsLong()) : 0));
            }
        }
        running.sort(Comparator.comparingLong(Running::sinceMicros));
        return running;
    }
}
