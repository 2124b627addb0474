package dev.kbmigrator.bench;

import dev.kbmigrator.bench.Case.Database;
import java.util.List;
import java.util.stream.Stream;

/** What is measured, in the order in which a round goes through it. */
final class Cases {

    private static final int MILLION = 1_000_000;

    /** For those that are so far away that a few rounds tell. */
    private static final int ROUNDS_OF_PEERS = 3;

    private static final Case UP_TO_DATE = Case.kbMigrator("a", "a", 100_000).notPerKb();
    private static final Case THOUSAND = Case.kbMigrator("b-1000", "b", 1_000);
    private static final Case HUNDRED_THOUSAND = Case.kbMigrator("b-100000", "b", 100_000);
    private static final Case A_MILLION = Case.kbMigrator("b-1000000", "b", MILLION);
    private static final Case ONE_WRITER = Case.kbMigrator("b-1000000-one-writer", "b-one-writer", MILLION);
    private static final Case FAILING = Case.kbMigrator("e", "e", MILLION);
    private static final Case TEN_PENDING = Case.kbMigrator("c", "c", 100_000);

    private Cases() {}

    static List<Case> all() {
        return Stream.of(besideTheFloor(), peers(), besideEachOther(), alone(), elsewhere())
                .flatMap(List::stream)
                .toList();
    }

    static Case named(String id) {
        return all().stream().filter(one -> one.id().equals(id)).findFirst().orElseThrow();
    }

    /** The main figures, of which a round takes less than two minutes for two commits: what a change may make slower. */
    static List<Case> ofCommits() {
        return List.of(A_MILLION, ONE_WRITER, FAILING, UP_TO_DATE, TEN_PENDING);
    }

    /** What is compared stands close together, so that it meets the same machine. */
    private static List<Case> besideTheFloor() {
        return List.of(
                Case.floor("floor4", MILLION),
                A_MILLION,
                FAILING,
                Case.floor("floor4-1024", MILLION),
                Case.floor("floor1", MILLION),
                ONE_WRITER);
    }

    /** The slower, the fewer tenants: each takes some seconds. */
    private static List<Case> peers() {
        return List.of(
                Case.peer("db-scheduler", 40_000).inRounds(ROUNDS_OF_PEERS),
                Case.peer("jobrunr", 10_000).inRounds(ROUNDS_OF_PEERS),
                Case.peer("shedlock-loop", 10_000).inRounds(ROUNDS_OF_PEERS),
                Case.peer("flyway", 200));
    }

    private static List<Case> besideEachOther() {
        // Long enough for what a replica waits for once, at the start and at the end, not to count
        Case waiting = Case.kbMigrator("d", "d", 36_000).inRounds(1);
        return List.of(
                HUNDRED_THOUSAND,
                Case.kbMigrator("b-10000", "b", 10_000),
                Case.kbMigrator("f", "f", 10_000).notPerKb(),
                waiting.withReplicas(1),
                waiting.withReplicas(2),
                waiting.withReplicas(4),
                waiting.withReplicas(8));
    }

    private static List<Case> alone() {
        return List.of(
                UP_TO_DATE,
                THOUSAND,
                TEN_PENDING,
                Case.kbMigrator("i", "i", MILLION).fromNothing().inRounds(1),
                Case.kbMigrator("g", "g", 100).notPerKb().inRounds(1),
                Case.kbMigrator("h", "h", 20_000).inRounds(1),
                Case.kbMigrator("j", "j", 100_000).notPerKb().inRounds(1));
    }

    private static List<Case> elsewhere() {
        return Stream.of(Database.MARIADB, Database.H2)
                .flatMap(database -> Stream.of(UP_TO_DATE, THOUSAND, HUNDRED_THOUSAND, A_MILLION, TEN_PENDING)
                        .map(one -> one.on(database).inRounds(1)))
                .toList();
    }
}
