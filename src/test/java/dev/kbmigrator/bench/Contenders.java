package dev.kbmigrator.bench;

import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** All of them, by the name under which a JVM of its own is told to make one. */
final class Contenders {

    private static final Map<String, Supplier<Contender>> OWN = Map.ofEntries(
            Map.entry("floor1", () -> new Floor("floor1", 1, 256)),
            Map.entry("floor4", () -> new Floor("floor4", 4, 256)),
            Map.entry("floor4-1024", () -> new Floor("floor4-1024", 4, 1_024)),
            Map.entry("a", UpToDate::new),
            Map.entry("b", () -> new KbMigrator("b", BenchFleet.NO_OP)),
            Map.entry("b-one-writer", Scenarios.OneWriter::new),
            Map.entry("c", () -> new KbMigrator("c", 10, BenchFleet.each(BenchFleet.NO_OP))),
            Map.entry("d", Scenarios.Waiting::new),
            Map.entry("e", Scenarios.Failing::new),
            Map.entry("f", Scenarios.OneSlow::new),
            Map.entry("g", Scenarios.Checkpointing::new),
            Map.entry("h", Scenarios.Transactional::new),
            Map.entry("i", Scenarios.FirstEnrolment::new),
            Map.entry("j", Idle::new));

    private static final Map<String, Supplier<Contender>> PEERS = Map.of(
            "flyway", FlywayPeer::new,
            "shedlock-loop", ShedLockPeer::new,
            "jobrunr", JobRunrPeer::new,
            "db-scheduler", DbSchedulerPeer::new);

    private Contenders() {}

    static Contender named(String name) {
        return Objects.requireNonNull((isPeer(name) ? PEERS : OWN).get(name), name)
                .get();
    }

    static boolean isPeer(String name) {
        return PEERS.containsKey(name);
    }
}
