package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.ExecutionThread;
import dev.kbmigrator.internal.listing.ListPreview;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.support.ShortText;
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
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What people read: the dry run, the status, and the report of a run. */
final class FleetReports {

    private static final int MAX_FAILURES = 100;
    static final int MAX_SAMPLE = 20;

    /** Who lacks versions that were removed from the migrations. */
    static final String NO_LIVE_BUILD = "no live build has";

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

    /** Returns what a run would do, after a look at the host's list if there is a preview of it. */
    DryRun dryRun(@Nullable ListPreview preview) {
        FleetState wanted = view.state().extended(view.comparison().extension());
        long target = Math.max(wanted.target(), wanted.current());
        long goal = wanted.plan().kbGoal(target);
        List<String> problems = problems(wanted);
        List<String> sample = new ArrayList<>(ids(list(Selection.ALL, goal, MAX_SAMPLE)));
        long toMigrate = store.count(goal);
        OptionalLong unenrolled = OptionalLong.empty();
        if (preview != null) {
            unenrolled = preview.read() ? OptionalLong.of(preview.unenrolled()) : unenrolled;
            problems.addAll(preview.problems());
        }
        if (preview != null && wanted.baseline() < goal) {
            // A run enrols them first
            toMigrate += preview.unenrolled();
            preview.sample().stream().limit(MAX_SAMPLE - sample.size()).forEach(sample::add);
        }
        Optional<Instant> listedAt =
                Optional.ofNullable(view.listing().completedMicros()).map(FleetReports::instant);
        if (preview == null && listedAt.isEmpty()) {
            problems.add("the host's list of KBs has never been read to its end, so KBs that nobody has registered are"
                    + " not counted: dryRunReadingList() reads it");
        }
        return new DryRun(
                wanted.current(),
                target,
                wanted.plan().stages(wanted.current(), target),
                store.count(Long.MAX_VALUE),
                toMigrate,
                sample,
                problems,
                listedAt,
                unenrolled);
    }

    private List<String> problems(FleetState wanted) {
        List<String> problems = new ArrayList<>(view.comparison().problems());
        if (problems.isEmpty()) {
            view.comparison().standingBy().ifPresent(problems::add);
        }
        problems.addAll(view.damage());
        if (view.paused()) {
            problems.add(view.control().sentence());
        }
        wanted.heldByCap().ifPresent(problems::add);
        stranded(view.comparison().above(), "this build does not have").ifPresent(problems::add);
        return problems;
    }

    /**
     * Returns which KBs need versions that were removed from the migrations, in a sentence; empty if none do.
     *
     * @param below the version that such a KB has not reached
     * @param who who does not have these versions
     */
    private Optional<String> stranded(long below, String who) {
        long count = below == 0 ? 0 : store.count(below);
        return count == 0 ? Optional.empty() : Optional.of(stranded(count, below(below), below, who));
    }

    /** Returns the same for KBs of which some are known. */
    static String stranded(long count, List<KbState> sample, long below, String who) {
        long lowest = sample.stream().mapToLong(KbState::version).min().orElse(0);
        String versions = count > sample.size() ? "versions up to " + below : FleetState.versions(lowest + 1, below);
        String ids = ShortText.list(ids(sample));
        return count + " KBs need " + versions + ", which " + who + (ids.isEmpty() ? "" : " (for example: " + ids + ")")
                + ": start a build that has them, or call skipKb(id, " + below
                + ", reason) for a KB whose data is at version "
                + below + " all the same";
    }

    /** Returns some of the KBs below a version. */
    List<KbState> below(long version) {
        return list(Selection.ALL, version, MAX_SAMPLE);
    }

    private static List<String> ids(List<KbState> kbs) {
        return kbs.stream().map(KbState::kbId).toList();
    }

    /** Returns whether there seem to be KBs below floors that deny it; only a thorough look can tell. */
    boolean suspectsDamage() {
        long goal = view.state().plan().kbGoal(view.state().current());
        if (goal == 0 || view.snapshot().floors().stream().anyMatch(floor -> floor < goal)) {
            return false;
        }
        long recorded = view.snapshot().recordCounts().stream()
                .filter(count -> count.version() <= goal)
                .mapToLong(count -> (long) count.due() + count.waiting() + count.setAside())
                .sum();
        return store.count(goal) > recorded;
    }

    MigratorStatus status(@Nullable ReplicaLoop replica) {
        FleetState state = view.state();
        long target = Math.max(state.target(), state.current());
        return new MigratorStatus(
                state.current(),
                target,
                state.plan().migrations(),
                store.count(Long.MAX_VALUE),
                store.count(state.plan().kbGoal(target)),
                failureCount(),
                failures(),
                view.snapshot().replicas().stream()
                        .filter(one -> replica != null
                                || !one.replicaId()
                                        .equals(config.build().identity().id()))
                        .map(FleetReports::describe)
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
        List<String> reasons = new ArrayList<>(view.damage());
        if (view.paused()) {
            reasons.add(view.control().sentence());
        }
        reasons.addAll(heldBack());
        if (view.failing() > 0) {
            String setAside = view.setAside() == 0 ? "" : ", and " + view.setAside() + " more are set aside";
            reasons.add(view.failing() + " KBs are failing: they are retried when they are due" + setAside);
        }
        stranded(view.unknownBelow(config.timings().recently()), NO_LIVE_BUILD).ifPresent(reasons::add);
        GlobalPartRecord.standingFailure(documents, view)
                .ifPresent(failure -> reasons.add("the global part of " + failure + "; its next attempt is due at "
                        + instant(failure.record().dueMicros())));
        if (replica != null) {
            String listingFailure = replica.listing().failure();
            if (listingFailure != null) {
                reasons.add(listingFailure);
            }
            if (replica.pool().isExhausted()) {
                reasons.add("as many executions as may run at a time do not stop: this replica starts nothing more");
            }
        }
        return reasons;
    }

    /** Returns why versions of the plan are not begun although nothing fails, a sentence each. */
    private List<String> heldBack() {
        return Stream.of(
                        view.comparison().standingBy(),
                        view.comparison().member()
                                ? view.unknownToAll(config.timings().recently())
                                : Optional.<String>empty(),
                        FullRollout.waitingFor(view, config.timings().rolloutGrace()),
                        view.state().extended(view.comparison().extension()).heldByCap())
                .flatMap(Optional::stream)
                .toList();
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
                heldBack().isEmpty() ? Optional.empty() : Optional.of(String.join("; ", heldBack())),
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
        if (!replica.queue().unfinishable().isEmpty()) {
            missing.add(whatWasLeftAlone());
        }
        return "the fleet is at version " + report.currentVersion() + " of " + report.targetVersion() + ": "
                + String.join("; ", missing);
    }

    private String whatWasLeftAlone() {
        long unknown = view.unknownBelow(config.timings().recently());
        return stranded(unknown, NO_LIVE_BUILD)
                .or(() -> stranded(view.comparison().above(), "this build does not have"))
                .orElse("some KBs were left alone, because the host does not have them");
    }

    private static String shown(KbFailure failure) {
        return ShortText.shown(failure.kbId()) + " at version " + failure.version() + ": "
                + ShortText.firstLine(failure.error());
    }

    private long failureCount() {
        return view.failing() + view.setAside();
    }

    List<KbFailure> failures() {
        List<KbFailure> failures = new ArrayList<>();
        if (failureCount() == 0) {
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
                snapshot, config.environment().nanoTime(), config.build().reader(config.timings()));
    }
}
