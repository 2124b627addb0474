package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.ExecutionThread;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What people read: the dry run, the status, and the report of a run. */
final class FleetReports {

    private static final int MAX_FAILURES = 100;
    private static final int MAX_SAMPLE = 20;
    private static final int MAX_UNRECORDED = 10;

    private final EngineConfig config;
    private final StateStore store;
    private final DocumentUpdate documents;
    private final FleetView view;

    FleetReports(EngineConfig config, FleetView view) {
        this.config = config;
        this.store = config.store();
        this.documents = new DocumentUpdate(store);
        this.view = view;
    }

    DryRun dryRun() {
        FleetState wanted = view.state().extended(view.comparison().extension());
        long target = Math.max(wanted.target(), wanted.current());
        long goal = wanted.plan().kbGoal(target);
        List<String> problems = new ArrayList<>(view.comparison().problems());
        if (problems.isEmpty()) {
            view.comparison().standingBy().ifPresent(problems::add);
        }
        List<String> sample = list(Selection.ALL, goal, MAX_SAMPLE).stream()
                .map(KbState::kbId)
                .toList();
        return new DryRun(
                wanted.current(),
                target,
                wanted.plan().stages(wanted.current(), target),
                store.count(Long.MAX_VALUE),
                store.count(goal),
                sample,
                problems);
    }

    MigratorStatus status(@Nullable ReplicaLoop replica) {
        FleetState state = view.state();
        long target = Math.max(state.target(), state.current());
        List<KbFailure> failures = failures();
        return new MigratorStatus(
                state.current(),
                target,
                state.plan().migrations(),
                store.count(Long.MAX_VALUE),
                store.count(state.plan().kbGoal(target)),
                Math.max(failureCount(), failures.size()),
                failures,
                view.snapshot().replicas().stream().map(FleetReports::describe).toList(),
                running(replica),
                waitingFor(replica));
    }

    private static MigratorStatus.Replica describe(ReplicaState replica) {
        return new MigratorStatus.Replica(
                replica.replicaId(),
                replica.info().node(),
                replica.info().build(),
                replica.info().newestVersion(),
                replica.info().ready(),
                instant(replica.lastSeenMicros()));
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private List<MigratorStatus.Running> running(@Nullable ReplicaLoop replica) {
        List<MigratorStatus.Running> running = new ArrayList<>();
        if (replica != null) {
            for (ExecutionThread thread : replica.pool().busy()) {
                Execution execution = thread.current();
                if (execution != null) {
                    Duration since = Duration.ofNanos(config.environment().nanoTime() - thread.startedAt());
                    running.add(new MigratorStatus.Running(
                            execution.info().toString(), execution.kbId().orElse(""), since, execution.progress()));
                }
            }
        }
        return running;
    }

    private List<String> waitingFor(@Nullable ReplicaLoop replica) {
        List<String> reasons = new ArrayList<>();
        if (view.paused()) {
            reasons.add("an operator has paused migrations: " + view.control().reason());
        }
        view.comparison().standingBy().ifPresent(reasons::add);
        long failing = view.failing(view.state().open());
        if (failing > 0) {
            reasons.add(failing + " KBs are failing or late below version "
                    + view.state().open() + ": they are retried when they are due");
        }
        FullRollout.waitingFor(view, config.timings().rolloutGrace()).ifPresent(reasons::add);
        GlobalPartRecord.standingFailure(documents, view)
                .ifPresent(failure -> reasons.add("the global part of " + failure + "; its next attempt is due at "
                        + instant(failure.record().dueMicros())));
        if (replica != null) {
            String listingFailure = replica.listing().failure();
            if (listingFailure != null) {
                reasons.add(listingFailure);
            }
            replica.troubles().present(view::storeMicrosAt).stream()
                    .map(trouble -> "this replica " + trouble)
                    .forEach(reasons::add);
            addUnrecorded(reasons, replica.queue().unrecorded().texts());
            if (replica.pool().isExhausted()) {
                reasons.add("as many executions as may run at a time do not stop: this replica starts nothing more");
            }
        }
        return reasons;
    }

    private static void addUnrecorded(List<String> reasons, List<String> texts) {
        texts.stream().limit(MAX_UNRECORDED).forEach(reasons::add);
        if (texts.size() > MAX_UNRECORDED) {
            reasons.add("of " + (texts.size() - MAX_UNRECORDED)
                    + " more KBs that failed, the state store does not accept a record");
        }
    }

    RunReport runReport(ReplicaLoop replica, long nanos) {
        FleetState state = view.state();
        return new RunReport(
                state.current(),
                Math.max(state.target(), state.current()),
                replica.queue().completedCount(),
                replica.globalParts(),
                failureCount(),
                failures(),
                Optional.ofNullable(replica.globalFailure()),
                view.comparison()
                        .standingBy()
                        .or(() -> FullRollout.waitingFor(view, config.timings().rolloutGrace())),
                Duration.ofNanos(nanos));
    }

    String whatIsMissing(ReplicaLoop replica, RunReport report) {
        List<String> missing = new ArrayList<>();
        if (report.failureCount() > 0) {
            missing.add(report.failureCount() + " KBs failed"
                    + (report.failures().isEmpty()
                            ? ""
                            : ", the first: " + shown(report.failures().get(0))));
        }
        report.globalFailure().ifPresent(failure -> missing.add("a global part failed: " + failure));
        String listing = replica.listing().failure();
        if (listing != null) {
            missing.add(listing);
        }
        addUnrecorded(missing, replica.queue().unrecorded().texts());
        if (!replica.queue().unfinishable().isEmpty()) {
            missing.add(
                    "some KBs were left alone, because the host does not have them or this build lacks a migration that"
                            + " they need");
        }
        return "the fleet is at version " + report.currentVersion() + " of " + report.targetVersion() + ": "
                + String.join("; ", missing);
    }

    private static String shown(KbFailure failure) {
        return failure.kbId() + " at version " + failure.version() + ": "
                + failure.error().lines().findFirst().orElse("");
    }

    private long failureCount() {
        return view.snapshot().recordCounts().stream()
                .mapToLong(count -> (long) count.waiting() + count.setAside())
                .sum();
    }

    List<KbFailure> failures() {
        List<KbFailure> failures = new ArrayList<>();
        if (view.snapshot().recordCounts().isEmpty()) {
            return failures;
        }
        for (KbState kb : list(Selection.FAILING, Long.MAX_VALUE, MAX_FAILURES)) {
            KbRecord record = kb.record();
            if (record != null) {
                String error = record.error();
                failures.add(new KbFailure(
                        kb.kbId(),
                        record.version(),
                        record.failures(),
                        error == null ? "" : error,
                        record.setAside() ? Optional.empty() : Optional.of(instant(record.dueMicros()))));
            }
        }
        return failures;
    }

    private List<KbState> list(Selection selection, long belowVersion, int most) {
        List<KbState> found = new ArrayList<>();
        PageQuery query = new PageQuery(
                Partitions.all(),
                selection,
                belowVersion,
                DueFilter.BY_THE_CLOCK,
                null,
                Math.min(most, store.maxBatch()));
        while (query != null && found.size() < most) {
            Page page = store.page(query);
            found.addAll(page.kbs());
            query = page.next() == null ? null : query.from(page.next());
        }
        return found.size() > most ? found.subList(0, most) : found;
    }

    /** Reads the fleet's state for a dry run, without announcing the replica. */
    static FleetView readState(EngineConfig config) {
        Snapshot snapshot = new Snapshot(
                0,
                config.store().documents(Document.ANNOUNCED),
                Collections.nCopies(Partitions.COUNT, 0L),
                List.of(),
                List.of());
        return FleetView.of(
                snapshot,
                config.environment().nanoTime(),
                config.build().catalog(),
                config.build().baseline());
    }
}
