package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Looks: the heartbeat that a replica sends, and the snapshot that it gets. */
@Checks(Rule.LOOKS)
interface LookContract extends StoreFixture {

    @Test
    default void anEmptyStoreShowsTheReplicaThatLooksAndNothingElse() {
        Snapshot snapshot = kbs().look();
        assertThat(snapshot.documents()).as("the documents of an empty store").isEmpty();
        assertThat(snapshot.recordCounts())
                .as("the counts of records of an empty store")
                .isEmpty();
        assertThat(snapshot.floors()).as("the floors of an empty store").containsOnly(0L);
        assertThat(snapshot.replicas())
                .as("the replicas that have looked")
                .extracting(ReplicaState::replicaId)
                .containsExactly("driver");
    }

    @Test
    @Checks(Rule.CLOCKS)
    default void theStoresClockGivesMicrosecondsSince1970() {
        long micros = kbs().look().storeMicros();
        assertThat(Instant.EPOCH.plus(micros, ChronoUnit.MICROS))
                .as("the store's clock, read as microseconds since 1970")
                .isBetween(Instant.parse("2020-01-01T00:00:00Z"), Instant.parse("2120-01-01T00:00:00Z"));
        letPass(Duration.ofMillis(20));
        assertThat(kbs().look().storeMicros())
                .as("the store's clock 20 ms later")
                .isBetween(micros + 10_000, micros + 60_000_000);
    }

    @Test
    default void aHeartbeatIsSeenByAllAsItWasGiven() {
        Heartbeat self = new Heartbeat(
                new ReplicaInfo(
                        "r".repeat(100),
                        "hôst 😀 ".repeat(25),
                        "build 'x' \"y\"",
                        "flëet 😀",
                        20_991_231_235_959L,
                        20_991_231_235_958L,
                        true),
                null,
                DueFilter.BY_THE_CLOCK,
                false,
                false);
        Snapshot seen = store().look(self);
        assertThat(seen.replicas())
                .as("the replica that looked, as it announced itself")
                .singleElement()
                .extracting(ReplicaState::info)
                .isEqualTo(self.self());
        assertThat(other().look(StoreDriver.heartbeat("s", DueFilter.BY_THE_CLOCK, false))
                        .replicas())
                .as("the replicas, as the second handle sees them")
                .hasSize(2)
                .containsAll(seen.replicas());
    }

    @Test
    default void aReplicaKeepsWhenItWasFirstSeenAndRenewsTheRest() {
        ReplicaState first = onlyReplica(new Heartbeat(
                new ReplicaInfo("r", "h1", "b1", "", 1, 0, false), null, DueFilter.BY_THE_CLOCK, false, false));
        assertThat(first.firstSeenMicros())
                .as("when the replica was first seen, and last")
                .isPositive()
                .isEqualTo(first.lastSeenMicros());
        letPass(Duration.ofMillis(5));
        ReplicaState second = onlyReplica(new Heartbeat(
                new ReplicaInfo("r", "h2", "b2", "", 2, 0, true), null, DueFilter.BY_THE_CLOCK, true, false));
        assertThat(second.lastSeenMicros())
                .as("when the replica was last seen, after it looked again")
                .isGreaterThan(first.lastSeenMicros());
        assertThat(second)
                .as("the replica, after it looked again with other values")
                .isEqualTo(new ReplicaState(
                        new ReplicaInfo("r", "h2", "b2", "", 2, 0, true),
                        first.firstSeenMicros(),
                        second.lastSeenMicros()));
    }

    @Test
    @Checks(Rule.CLOCKS)
    default void aReplicaIsSeenByTheStoresClock() {
        long before = kbs().look().storeMicros();
        store().look(StoreDriver.heartbeat("r", DueFilter.BY_THE_CLOCK, false));
        Snapshot after = kbs().look();
        assertThat(after.replicas())
                .as("the replica that looked between two looks")
                .filteredOn(replica -> replica.replicaId().equals("r"))
                .singleElement()
                .satisfies(replica -> assertThat(replica.lastSeenMicros())
                        .as("when the replica was last seen, by the store's clock")
                        .isBetween(before, after.storeMicros()));
    }

    @Test
    default void aForgottenReplicaIsListedNoMoreUntilItLooksAgain() {
        store().look(StoreDriver.heartbeat("r", DueFilter.BY_THE_CLOCK, false));
        store().look(StoreDriver.heartbeat("R", DueFilter.BY_THE_CLOCK, false));
        other().forgetReplica("r");
        store().forgetReplica("r");
        store().forgetReplica("nobody");
        long after = kbs().look().storeMicros();
        assertThat(kbs().look().replicas())
                .as("the replicas after one was forgotten")
                .extracting(ReplicaState::replicaId)
                .containsExactlyInAnyOrder("R", "driver");
        letPass(Duration.ofMillis(5));
        assertThat(store().look(StoreDriver.heartbeat("r", DueFilter.BY_THE_CLOCK, false))
                        .replicas())
                .as("the replica that was forgotten and looked again")
                .filteredOn(replica -> replica.replicaId().equals("r"))
                .singleElement()
                .satisfies(replica -> assertThat(replica.firstSeenMicros())
                        .as("when a forgotten replica that looked again was first seen")
                        .isGreaterThan(after));
    }

    @Test
    default void anObserverIsNotListedAndWritesNothing() {
        ReplicaState known = onlyReplica(new Heartbeat(info("r"), "{\"a\":1}", DueFilter.BY_THE_CLOCK, false, false));
        letPass(Duration.ofMillis(5));
        for (String name : List.of("r", "somebody")) {
            Heartbeat observer = new Heartbeat(info(name), "{\"b\":2}", DueFilter.BY_THE_CLOCK, false, true);
            assertThat(store().look(observer).replicas())
                    .as("an observer sees the replicas as they announced themselves, and is none of them")
                    .containsExactly(known);
        }
        assertThat(other().replicaReports())
                .as("the reports after an observer's look")
                .extracting(ReplicaReport::json)
                .containsExactly("{\"a\":1}");
    }

    @Test
    default void aReportStaysUntilItIsReplaced() {
        assertThat(store().replicaReports()).as("the reports of an empty store").isEmpty();
        String large = "{\"text\":\"" + "é".repeat(ReplicaReport.MAX_BYTES / 2 - 6) + "\"}";
        long before = kbs().look().storeMicros();
        store().look(new Heartbeat(info("r"), large, DueFilter.BY_THE_CLOCK, false, false));
        store().look(new Heartbeat(info("s"), "{}", DueFilter.BY_THE_CLOCK, true, false));
        store().look(new Heartbeat(info("r"), null, DueFilter.BY_THE_CLOCK, false, false));
        long after = kbs().look().storeMicros();
        assertThat(other().replicaReports())
                .as("a look without a report leaves the last one as it is")
                .hasSize(2)
                .allSatisfy(report -> assertThat(report.reportedMicros())
                        .as("when %s reported, by the store's clock", report.replicaId())
                        .isBetween(before, after))
                .extracting(ReplicaReport::replicaId, ReplicaReport::json)
                .containsExactlyInAnyOrder(tuple("r", large), tuple("s", "{}"));
        store().look(new Heartbeat(info("r"), "{\"n\":2}", DueFilter.BY_THE_CLOCK, false, false));
        store().forgetReplica("s");
        assertThat(other().replicaReports())
                .as("a replica that is forgotten has no report")
                .extracting(ReplicaReport::json)
                .containsExactly("{\"n\":2}");
    }

    private static ReplicaInfo info(String replicaId) {
        return StoreDriver.heartbeat(replicaId, DueFilter.BY_THE_CLOCK, false).self();
    }

    @Test
    default void onlyAnnouncedDocumentsAreShown() {
        assertThat(store().compareAndSet(Document.ANNOUNCED + "b", 0, "{\"b\":1}", null))
                .as("whether now/b was created")
                .isTrue();
        assertThat(store().compareAndSet(Document.ANNOUNCED + "a", 0, "{\"a\":1}", null))
                .as("whether now/a was created")
                .isTrue();
        for (String hidden : List.of("now", "nowhere/a", "NOW/a", "history/now/", "no", "now0")) {
            assertThat(store().compareAndSet(hidden, 0, "0", null))
                    .as("whether %s was created", hidden)
                    .isTrue();
        }
        assertThat(kbs().look().documents())
                .as("the documents of a look: those whose names start with now/")
                .containsExactlyInAnyOrderElementsOf(store().documents(Document.ANNOUNCED))
                .extracting(Document::json)
                .containsExactlyInAnyOrder("{\"a\":1}", "{\"b\":1}");
        assertThat(kbs().lookThoroughly().documents())
                .as("the documents of a thorough look")
                .hasSize(2);
    }

    @Test
    default void aThoroughLookFindsTheLowestKbOfEachPartition() {
        assertThat(kbs().lookThoroughly().floors())
                .as("the lowest versions of an empty store")
                .hasSize(Partitions.COUNT)
                .containsOnly(Long.MAX_VALUE);
        List<String> kbIds = StoreDriver.inPartition(40, "kb-", 4);
        kbs().enroll(5, kbIds);
        kbs().enroll(3, StoreDriver.inPartition(255, "kb-", 1));
        kbs().advance(kbIds.get(0), 5, 6);
        List<Long> floors = kbs().lookThoroughly().floors();
        assertThat(floors)
                .as("the lowest versions of the partitions that have KBs without a record")
                .filteredOn(floor -> floor != Long.MAX_VALUE)
                .containsExactly(5L, 3L);
        assertThat(floors.get(40)).as("the lowest version of partition 40").isEqualTo(5);
        assertThat(kbs().look().floors()).as("the stored floors").containsOnly(0L);
    }

    @Test
    default void aThoroughLookLeavesOutKbsWithAnAttemptOnRecord() {
        List<String> kbIds = StoreDriver.inPartition(40, "kb-", 4);
        kbs().enroll(1, kbIds);
        kbs().advance(kbIds.get(3), 1, 2);
        kbs().done(
                        kbs().failed(kbIds.get(0), 1, 2, 1, "boom", Duration.ZERO),
                        kbs().failed(kbIds.get(1), 1, 2, 1, "boom", null),
                        kbs().checkpointed(kbIds.get(2), 1, 2, "1"));
        assertThat(kbs().lookThoroughly().floors().get(40))
                .as("the lowest version of partition 40; three KBs below have records")
                .isEqualTo(2);
        store().remove(List.of(kbIds.get(3)));
        assertThat(kbs().lookThoroughly().floors().get(40))
                .as("the lowest version of a partition in which all KBs have records")
                .isEqualTo(Long.MAX_VALUE);
        assertThat(kbs().lookThoroughly().recordCounts())
                .as("the counts of records of a thorough look, which must be those of any look")
                .isEqualTo(kbs().look().recordCounts());
    }

    private ReplicaState onlyReplica(Heartbeat self) {
        List<ReplicaState> replicas = store().look(self).replicas();
        assertThat(replicas).as("the replicas; only one has looked").hasSize(1);
        return replicas.get(0);
    }
}
