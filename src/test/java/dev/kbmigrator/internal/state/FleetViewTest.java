package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one look at a fleet of four KB migrations means. */
class FleetViewTest {

    private static final Duration RECENTLY = Duration.ofSeconds(10);

    private static MigrationInfo info(long version) {
        return new MigrationInfo(version, "migration", true, false);
    }

    /** A fleet that has reached {@code current}, on its way to version 4. */
    private static FleetView view(
            long current, MigrationCatalog catalog, List<KbRecordCount> counts, List<ReplicaState> replicas) {
        FleetState state = FleetState.initial(0)
                .extended(List.of(info(1), info(2), info(3), info(4)))
                .reached(current);
        return FrozenEnvironment.lookAt(state, catalog, Duration.ZERO, counts, replicas);
    }

    @Test
    void onlyRecordsUpToAVersionFailBelowIt() {
        FleetView view = view(
                2,
                FrozenEnvironment.catalog(1, 2, 3, 4),
                List.of(new KbRecordCount(0, 2, 1, 2, 4, 0, 2), new KbRecordCount(0, 3, 8, 16, 32, 0, 5)),
                List.of());
        assertThat(view.recordedBelow(1)).isZero();
        assertThat(view.recordedBelow(2)).isEqualTo(1 + 2);
        assertThat(view.recordedBelow(3)).isEqualTo(1 + 2 + 8 + 16);
        assertThat(view.allKbsReached(1)).isTrue();
        assertThat(view.allKbsReached(2)).isFalse();
    }

    @Test
    void theNextAttemptIsOneThatThisReplicaMayMake() {
        KbRecordCount first = new KbRecordCount(0, 2, 0, 1, 0, 700, 1);
        KbRecordCount beyond = new KbRecordCount(0, 3, 0, 1, 0, 500, 1);
        assertThat(view(2, FrozenEnvironment.catalog(1, 2), List.of(first, beyond), List.of())
                        .nextDueMicros())
                .isEqualTo(700);
        assertThat(view(2, FrozenEnvironment.catalog(1, 2), List.of(beyond), List.of())
                        .nextDueMicros())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theStoresClockContinuesAfterTheLook() {
        FleetView view = view(2, FrozenEnvironment.catalog(1, 2), List.of(), List.of());
        assertThat(view.storeMicrosAt(0)).isEqualTo(FrozenEnvironment.STORE_MICROS);
        assertThat(view.storeMicrosAt(3_000_000_000L)).isEqualTo(FrozenEnvironment.STORE_MICROS + 3_000_000);
    }

    @Test
    void knowingPartOfAStageIsEnoughWhileNobodyKnowsMore() {
        MigrationCatalog part = FrozenEnvironment.catalog(1, 2, 3);
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(3, Duration.ZERO)))
                        .canCoordinate(part, RECENTLY))
                .isTrue();
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(4, RECENTLY)))
                        .canCoordinate(part, RECENTLY))
                .as("one that was seen just in time")
                .isFalse();
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(4, RECENTLY.plusNanos(1_000))))
                        .canCoordinate(part, RECENTLY))
                .as("one that was not seen recently")
                .isTrue();
    }

    @Test
    void aGapInTheStageOrNoStageMeansNoCoordinator() {
        MigrationCatalog late = FrozenEnvironment.catalog(3, 4);
        assertThat(view(2, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .isTrue();
        assertThat(view(1, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .as("without version 2")
                .isFalse();
        assertThat(view(4, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .as("at the target")
                .isFalse();
    }

    @Test
    void anInstantInTheFutureIsLongAgo() {
        FleetView view = view(2, FrozenEnvironment.catalog(1, 2), List.of(), List.of());
        assertThat(view.ageMicros(FrozenEnvironment.STORE_MICROS - 7)).isEqualTo(7);
        assertThat(view.ageMicros(FrozenEnvironment.STORE_MICROS + 1_000))
                .as("hosts' clocks differ")
                .isZero();
        assertThat(view.ageMicros(FrozenEnvironment.STORE_MICROS + 6_000_000)).isEqualTo(Long.MAX_VALUE);
        assertThat(view.ageMicros(null)).as("never").isEqualTo(Long.MAX_VALUE);
        ReplicaState ahead = FrozenEnvironment.replica(2, Duration.ofDays(-1));
        assertThat(view(2, FrozenEnvironment.catalog(1, 2), List.of(), List.of(ahead))
                        .seenWithin(RECENTLY))
                .isEmpty();
    }

    @Test
    void aDueTimeFurtherAheadThanTheLongestBackoffIsDue() {
        long now = FrozenEnvironment.STORE_MICROS;
        long hour = Duration.ofHours(1).toNanos() / 1_000;
        KbRecordCount soon = new KbRecordCount(3, 2, 0, 1, 0, now + hour, 1);
        KbRecordCount tooFar = new KbRecordCount(4, 2, 0, 1, 0, now + 2 * hour, 1);
        FleetView view = view(2, FrozenEnvironment.catalog(1, 2), List.of(soon, tooFar), List.of());
        assertThat(view.duePartitions()).containsExactly(4);
        assertThat(view.partitionsThatWaitTooLong()).containsExactly(4);
        assertThat(view.isDue(now + hour)).isFalse();
        assertThat(view.isDue(now + 2 * hour)).isTrue();
        assertThat(view.isDue(now)).isTrue();
    }

    @Test
    void eachFigureCountsOneThing() {
        FleetView view = view(
                2,
                FrozenEnvironment.catalog(1, 2),
                List.of(new KbRecordCount(0, 2, 5, 2, 4, 0, 3), new KbRecordCount(1, 1, 1, 0, 0, 0, 0)),
                List.of());
        assertThat(view.failing()).isEqualTo(3);
        assertThat(view.setAside()).isEqualTo(4);
    }

    private static FleetView withFloor(long floor, Document... documents) {
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 2L));
        floors.set(7, floor);
        FleetState state =
                FleetState.initial(0).extended(List.of(info(1), info(2))).reached(2);
        List<Document> all = new ArrayList<>(List.of(documents));
        all.add(new Document(FleetState.DOCUMENT, 1, state.toJson()));
        return FleetView.of(
                new Snapshot(0, all, floors, List.of(), List.of()),
                0,
                FrozenEnvironment.reader(FrozenEnvironment.catalog(1, 2)));
    }

    @Test
    void aFloorWhereNoKbCanBeIsDamage() {
        assertThat(withFloor(0).damage()).isEmpty();
        assertThat(withFloor(2).damage()).isEmpty();
        assertThat(withFloor(Long.MAX_VALUE).damage())
                .as("a partition without KBs")
                .isEmpty();
        for (long floor : new long[] {-1, 3, 999_999}) {
            assertThat(withFloor(floor).damage())
                    .singleElement()
                    .asString()
                    .contains("damaged in 1 partitions (first: 7)", "Restore the tables from a backup");
        }
    }

    @Test
    void aKbBelowAFloorThatWasSeenBeforeIsDamage() {
        assertThat(withFloor(2).comparedWith(withFloor(2)).damage()).isEmpty();
        assertThat(withFloor(1).comparedWith(withFloor(0)).damage()).isEmpty();
        assertThat(withFloor(1).comparedWith(withFloor(2)).damage())
                .singleElement()
                .asString()
                .contains("(first: 7)", "below their partition's floor");
    }

    @Test
    void aDocumentThatIsNoRequestIsLeftOut() {
        Document good = new Document(KbRequest.documentOf("kb"), 1, KbRequest.toJson("kb", 0, "", "me"));
        for (String json :
                List.of("no json", "[]", "{}", "{\"kbId\":7}", "{\"kbId\":\"\"}", "{\"kbId\":\"x\",\"skip\":\"1\"}")) {
            FleetView view = withFloor(2, new Document(KbRequest.PREFIX + "bad", 1, json), good);
            assertThat(view.damage()).as(json).singleElement().asString().contains("now/request/bad");
            assertThat(view.requests()).hasSize(1);
        }
        assertThat(withFloor(2, good).damage()).isEmpty();
    }

    private static FleetView beginning(MigrationInfo planned, String stored, String own) {
        FleetState state = FleetState.initial(0)
                .named(stored)
                .extended(List.of(info(1), planned))
                .opened(1);
        Document request = new Document(KbRequest.documentOf("kb"), 1, KbRequest.toJson("kb", 0, "", "me"));
        Snapshot snapshot = new Snapshot(
                0,
                List.of(new Document(FleetState.DOCUMENT, 1, state.toJson()), request),
                Collections.nCopies(Partitions.COUNT, 0L),
                List.of(new KbRecordCount(0, 1, 1, 0, 0, 0, 1)),
                List.of());
        return FleetView.of(
                snapshot, 0, new FleetView.Reader(FrozenEnvironment.catalog(1, 2), 0, own, Duration.ofHours(1)));
    }

    @Test
    void aBuildOfAnotherFleetHasNothingToDo() {
        assertThat(beginning(info(2), "orders", "orders").duePartitions()).hasSize(Partitions.COUNT);
        assertThat(beginning(info(2), "orders", "users").duePartitions()).isEmpty();
    }

    @Test
    void aBuildInAConflictDoesNotCoordinateWhatItKnows() {
        MigrationInfo renamed = new MigrationInfo(2, "renamed", true, false);
        assertThat(beginning(info(2), "", "").canCoordinate(FrozenEnvironment.catalog(1, 2), RECENTLY))
                .isTrue();
        assertThat(beginning(renamed, "", "").canCoordinate(FrozenEnvironment.catalog(1, 2), RECENTLY))
                .isFalse();
    }
}
