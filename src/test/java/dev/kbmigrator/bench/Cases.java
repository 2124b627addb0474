package dev.kbmigrator.bench;

import java.util.List;

/** What is measured, in the order in which a round goes through it. */
final class Cases {

    private static final int MILLION = 1_000_000;

    private Cases() {}

    static List<Case> all() {
        return List.of(
                Case.floor(4, MILLION),
                Case.library("b-1000000", "b", MILLION),
                Case.floor(1, MILLION),
                Case.library("b-1000000-one-writer", "b-one-writer", MILLION),
                Case.library("a", "a", 100_000).notPerKb(),
                Case.library("b-1000", "b", 1_000),
                Case.library("b-10000", "b", 10_000),
                Case.library("b-100000", "b", 100_000),
                Case.library("e", "e", 100_000),
                Case.library("c", "c", 100_000),
                Case.library("i", "i", MILLION).fromNothing(),
                Case.library("d-1", "d", 6_000),
                Case.library("d-2", "d", 6_000).withReplicas(2),
                Case.library("d-4", "d", 6_000).withReplicas(4),
                Case.library("d-8", "d", 6_000).withReplicas(8),
                Case.library("f", "f", 10_000).notPerKb(),
                Case.library("g", "g", 100).notPerKb(),
                Case.library("h", "h", 20_000),
                Case.library("j", "j", 100_000).notPerKb().inRounds(1));
    }
}
