package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.ReplicaActivity;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the live replicas of the fleet are doing: this one as it is now, the others as they have last reported. Immutable. */
final class FleetActivity {

    private static final int MAX_OLDEST = 3;

    private final List<Member> members;
    private final long storeMicros;
    private final Duration leaseTtl;

    private record Member(ReplicaInfo info, boolean own, ReplicaActivity activity) {

        private String name() {
            return own
                    ? "this replica"
                    : "replica " + ShortText.shown(info.replicaId()) + " on " + ShortText.shown(info.node());
        }
    }

    private record Execution(Member member, ReplicaActivity.Running running) {}

    private FleetActivity(List<Member> members, long storeMicros, Duration leaseTtl) {
        this.members = members;
        this.storeMicros = storeMicros;
        this.leaseTtl = leaseTtl;
    }

    /** Reads the reports of the replicas that a view shows to be live. */
    static FleetActivity read(EngineConfig config, FleetView view, @Nullable ReplicaLoop replica) {
        Map<String, ReplicaReport> reports = new HashMap<>();
        config.store().replicaReports().forEach(report -> reports.put(report.replicaId(), report));
        String self = config.build().identity().id();
        List<Member> members = new ArrayList<>();
        for (ReplicaState seen : view.seenWithin(config.timings().recently()).toList()) {
            if (replica != null && seen.replicaId().equals(self)) {
                members.add(new Member(seen.info(), true, replica.reporter().activity(view)));
            } else {
                ReplicaActivity reported = Optional.ofNullable(reports.get(seen.replicaId()))
                        .flatMap(ReplicaActivity::read)
                        .orElse(ReplicaActivity.NONE);
                members.add(new Member(seen.info(), false, reported));
            }
        }
        long now = view.storeMicrosAt(config.environment().nanoTime());
        return new FleetActivity(members, now, config.timings().leaseTtl());
    }

    private Stream<Execution> executions() {
        return members.stream()
                .flatMap(member -> member.activity().running().stream().map(one -> new Execution(member, one)))
                .sorted(Comparator.comparingLong(one -> one.running().sinceMicros()));
    }

    private Duration age(long micros) {
        return Duration.of(Math.max(0, storeMicros - micros), ChronoUnit.MICROS);
    }

    /** Returns all executions that are known, those that have run longest first. */
    List<MigratorStatus.Running> running() {
        return executions()
                .map(one -> new MigratorStatus.Running(
                        one.member().info().replicaId(),
                        one.running().migration(),
                        one.running().kbId(),
                        age(one.running().sinceMicros()),
                        one.running().progress(),
                        one.running().checkpointMicros() == 0
                                ? Optional.empty()
                                : Optional.of(age(one.running().checkpointMicros()))))
                .toList();
    }

    /** Returns what replicas cannot do, and which executions take long, a sentence each. */
    List<String> reasons() {
        List<String> reasons = new ArrayList<>();
        for (Member member : members) {
            member.activity().troubles().forEach(trouble -> reasons.add(member.name() + " " + trouble));
        }
        executions()
                .filter(one -> age(one.running().sinceMicros()).compareTo(leaseTtl) > 0)
                .limit(MAX_OLDEST)
                .map(this::sentence)
                .forEach(reasons::add);
        return reasons;
    }

    private String sentence(Execution one) {
        ReplicaActivity.Running running = one.running();
        String where =
                running.kbId().isEmpty() ? "the global part of " : "KB " + ShortText.shown(running.kbId()) + ", ";
        long seconds = TimeUnit.MICROSECONDS.toSeconds(storeMicros - running.sinceMicros());
        return where + ShortText.shown(running.migration()) + ", has been running for " + seconds + " s on "
                + one.member().name()
                + (running.progress().isEmpty() ? "" : ", progress: " + ShortText.shown(running.progress()))
                + (running.checkpointMicros() == 0
                        ? ""
                        : ", last checkpoint " + age(running.checkpointMicros()).toSeconds() + " s ago");
    }
}
