package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
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
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What people read: the plan, the status, the report of a run. */
final class Reports {

    private static final int MOST_FAILURES = 100;
    private static final int SAMPLE = 20;

    private final EngineConfig config;
    private final View view;

    Reports(EngineConfig config, View view) {
        this.config = config;
        this.view = view;
    }

    DryRun dryRun() {
        GlobalState wanted = view.state().extended(view.knowledge().extension());
        long target = Math.max(wanted.target(), wanted.current());
        long goal = Plans.kbGoal(wanted.plan(), target);
        List<String> problems = new ArrayList<>(view.knowledge().problems());
        if (problems.isEmpty()) {
            view.knowledge().standingBy().ifPresent(problems::add);
        }
        List<String> sample =
                list(Selection.ALL, goal, SAMPLE).stream().map(KbState::kbId).toList();
        return new DryRun(
                wanted.current(),
                target,
                Plans.stages(wanted.plan(), wanted.current(), target),
                config.store().count(Long.MAX_VALUE),
                config.store().count(goal),
                sample,
                problems);
    }

    MigratorStatus status(@Nullable Replica replica) {
        GlobalState state = view.state();
        long target = Math.max(state.target(), state.current());
        List<KbFailure> failures = failures();
        return new MigratorStatus(
                state.current(),
                target,
                state.plan(),
                config.store().count(Long.MAX_VALUE),
                config.store().count(Plans.kbGoal(state.plan(), target)),
                Math.max(failureCount(), failures.size()),
                failures,
                view.snapshot().replicas().stream()
                        .filter(one -> replica != null
                                || !one.replicaId().equals(config.identity().id()))
                        .map(Reports::describe)
                        .toList(),
                running(replica),
                waitingFor(replica));
    }

    private static MigratorStatus.Replica describe(ReplicaState replica) {
        return new MigratorStatus.Replica(
                replica.replicaId(),
                replica.node(),
                replica.build(),
                replica.newestVersion(),
                replica.ready(),
                instant(replica.lastSeenMicros()));
    }

    private static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    private List<MigratorStatus.Running> running(@Nullable Replica replica) {
        List<MigratorStatus.Running> running = new ArrayList<>();
        if (replica != null) {
            for (Slot slot : replica.slots().busy()) {
                Body body = slot.current();
                if (body != null) {
                    Duration since = Duration.ofNanos(config.surroundings().nanoTime() - slot.startedAt());
                    running.add(new MigratorStatus.Running(
                            body.info.toString(), body.kbId().orElse(""), since, body.progress()));
                }
            }
        }
        return running;
    }

    private List<String> waitingFor(@Nullable Replica replica) {
        List<String> reasons = new ArrayList<>();
        if (view.paused()) {
            reasons.add("an operator has paused migrations: " + view.pauseReason());
        }
        view.knowledge().standingBy().ifPresent(reasons::add);
        long failing = view.failing(view.state().open());
        if (failing > 0) {
            reasons.add(failing + " KBs are failing or late below version "
                    + view.state().open() + ": they are tried again when they are due");
        }
        Rollout.waitingFor(view, config.timings().rolloutGrace()).ifPresent(reasons::add);
        GlobalBody.failureThatStands(config.store(), view)
                .ifPresent(record -> reasons.add("the global part of " + GlobalBody.describeFailure(record)
                        + "; its next attempt is due at "
                        + instant(record.path("dueMicros").asLong())));
        if (replica != null) {
            String listingFailure = replica.enrolment().failure();
            if (listingFailure != null) {
                reasons.add(listingFailure);
            }
            if (replica.slots().isExhausted()) {
                reasons.add("as many bodies as may run at a time do not stop: nothing more is started here");
            }
        }
        return reasons;
    }

    RunReport runReport(Replica replica, long nanos) {
        GlobalState state = view.state();
        return new RunReport(
                state.current(),
                Math.max(state.target(), state.current()),
                replica.board().kbMigrations.sum(),
                replica.globalParts(),
                failureCount(),
                failures(),
                Optional.ofNullable(replica.globalFailure()),
                view.knowledge()
                        .standingBy()
                        .or(() -> Rollout.waitingFor(view, config.timings().rolloutGrace())),
                Duration.ofNanos(nanos));
    }

    String whatIsMissing(Replica replica, RunReport report) {
        List<String> missing = new ArrayList<>();
        if (report.failureCount() > 0) {
            missing.add(report.failureCount() + " KBs failed"
                    + (report.failures().isEmpty()
                            ? ""
                            : ", the first: " + shown(report.failures().get(0))));
        }
        report.globalFailure().ifPresent(failure -> missing.add("a global part failed: " + failure));
        String listing = replica.enrolment().failure();
        if (listing != null) {
            missing.add(listing);
        }
        if (!replica.board().unfinishable().isEmpty()) {
            missing.add("some KBs were left alone, because the host does not know them (any more) or this build lacks a"
                    + " migration that they need");
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
        for (KbState kb : list(Selection.FAILING, Long.MAX_VALUE, MOST_FAILURES)) {
            KbRecord attempt = kb.record();
            if (attempt != null) {
                String error = attempt.error();
                failures.add(new KbFailure(
                        kb.kbId(),
                        attempt.version(),
                        attempt.failures(),
                        error == null ? "" : error,
                        attempt.setAside() ? Optional.empty() : Optional.of(instant(attempt.dueMicros()))));
            }
        }
        return failures;
    }

    private List<KbState> list(Selection selection, long belowVersion, int most) {
        List<KbState> found = new ArrayList<>();
        PageQuery request = new PageQuery(
                Partitions.all(),
                selection,
                belowVersion,
                DueFilter.BY_THE_CLOCK,
                null,
                Math.min(most, config.store().maxBatch()));
        while (request != null && found.size() < most) {
            Page page = config.store().page(request);
            found.addAll(page.kbs());
            request = page.next() == null ? null : request.from(page.next());
        }
        return found.size() > most ? found.subList(0, most) : found;
    }

    /** Reads what a dry run needs, and changes nothing. */
    static View read(EngineConfig config) {
        Snapshot snapshot = new Snapshot(
                0,
                config.store().documents(Document.ANNOUNCED),
                Collections.nCopies(Partitions.COUNT, 0L),
                List.of(),
                List.of());
        return View.of(snapshot, config.surroundings().nanoTime(), config.catalog(), config.baseline());
    }
}
