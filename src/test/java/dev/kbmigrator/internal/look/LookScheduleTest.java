package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.Worker;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LookScheduleTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final EngineConfig config =
            environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started);
    private final PartitionQueue board = new PartitionQueue(config, environment.newSignal());
    private final LookSchedule background = new LookSchedule(config, board, false);
    private final LookSchedule singleRun = new LookSchedule(config, board, true);

    private FleetView view(long revision, long current, KbRecordCount... attempts) {
        return view(revision, current, Collections.nCopies(Partitions.COUNT, current), attempts);
    }

    private FleetView view(long revision, long current, List<Long> floors, KbRecordCount... attempts) {
        return environment.view(revision, current, floors, List.of(attempts), List.of());
    }

    private Duration after(LookSchedule pace, FleetView view) {
        pace.goesBy(view);
        return Duration.ofNanos(pace.afterLook(view));
    }

    private static Duration share(int divisor) {
        return FrozenEnvironment.ACTIVE_LOOK.dividedBy(divisor);
    }

    @Test
    void afterAChangeTheLooksComeSoonAndThenLessAndLessOften() {
        for (int divisor : new int[] {16, 8, 4, 2, 1, 1}) {
            assertThat(after(background, view(1, 0))).isEqualTo(share(divisor));
        }
        assertThat(after(background, view(2, 0))).isEqualTo(share(16));
    }

    @Test
    void aFleetThatIsWhereItShouldBeIsLookedAtSeldomWhateverHasChanged() {
        assertThat(after(background, view(1, 1))).isEqualTo(config.timings().idleLook());
    }

    @Test
    void whatOthersHoldHalvesTheWait() {
        FleetView unchanged = view(1, 0);
        for (int i = 0; i < 5; i++) {
            background.goesBy(unchanged);
        }
        board.contended(Set.of(1));
        assertThat(after(background, unchanged)).isEqualTo(share(2));
        environment.pass(FrozenEnvironment.ACTIVE_LOOK.multipliedBy(2));
        assertThat(after(background, unchanged)).isEqualTo(share(1));
    }

    @Test
    void aSingleRunThatOnlyWaitsForOthersLooksOften() {
        FleetView unchanged = view(1, 0);
        for (int i = 0; i < 5; i++) {
            singleRun.goesBy(unchanged);
        }
        assertThat(after(singleRun, unchanged)).isEqualTo(share(16));
    }

    @Test
    void aSingleRunThatIsAtWorkLooksAsOftenAsAnyUnlessOthersHoldWhatIsDue() {
        FleetView unchanged = view(1, 0);
        for (int i = 0; i < 5; i++) {
            singleRun.goesBy(unchanged);
        }
        board.update(unchanged);
        ExecutionPool slots = new ExecutionPool(config, board::wakeWorkers);
        board.workerStarted(new Worker(config, board, slots, new LeaseKeeper(config, slots)));
        assertThat(after(singleRun, unchanged)).isEqualTo(share(1));
        board.contended(Set.of(1));
        assertThat(after(singleRun, unchanged)).isEqualTo(share(16));
    }

    @Test
    void theMoreReplicasOnlyWaitTheLessOftenEachOfThemLooks() {
        for (int i = 0; i < 5; i++) {
            singleRun.goesBy(view(1, 0));
        }
        assertThat(after(singleRun, seenBy(8))).isEqualTo(share(16));
        assertThat(after(singleRun, seenBy(32))).isEqualTo(share(4));
        assertThat(after(singleRun, seenBy(500))).isEqualTo(share(1));
    }

    private FleetView seenBy(int replicas) {
        List<ReplicaState> all = IntStream.range(0, replicas)
                .mapToObj(number -> new ReplicaState(
                        "replica-" + number, "host", "build", 1, true, 0, FrozenEnvironment.STORE_MICROS))
                .toList();
        return environment.view(1, 0, Collections.nCopies(Partitions.COUNT, 0L), List.of(), all);
    }

    @Test
    void theCoordinatorLooksOftenWhenAllButAFewPartitionsAreThere() {
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(share(16));
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(17)))))
                .isEqualTo(share(4));
    }

    @Test
    void theCoordinatorDoesNotHurryWhileItsReplicaHasKbsInHand() {
        board.update(view(1, 0));
        ExecutionPool slots = new ExecutionPool(config, () -> {});
        board.workerStarted(new Worker(config, board, slots, new LeaseKeeper(config, slots)));
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(share(1));
        background.took(FrozenEnvironment.ACTIVE_LOOK.toNanos());
        background.took(FrozenEnvironment.ACTIVE_LOOK.toNanos());
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(FrozenEnvironment.ACTIVE_LOOK.multipliedBy(10));
    }

    @Test
    void twoSlowLooksMakeAllWaitTenTimesAsLong() {
        long slow = FrozenEnvironment.ACTIVE_LOOK.toNanos();
        background.took(slow);
        assertThat(after(background, view(1, 0)))
                .as("a single one does not count")
                .isEqualTo(share(16));
        background.took(slow - 1);
        assertThat(background.afterLook(view(1, 0))).isEqualTo(10 * (slow - 1));
        assertThat(background.atBarrier(view(1, 0))).isEqualTo(10 * (slow - 1));
    }

    @Test
    void aKbThatIsDueEarlierIsNotKeptWaiting() {
        environment.pass(Duration.ofMinutes(1));
        FleetView due = view(
                1, 1, new KbRecordCount(0, 1, 0, 1, 0, FrozenEnvironment.STORE_MICROS + TimeUnit.SECONDS.toMicros(3)));
        environment.pass(Duration.ofSeconds(1));
        assertThat(after(background, due)).isEqualTo(Duration.ofSeconds(2).plusMillis(1));
        assertThat(after(singleRun, due))
                .as("a single run tries it once")
                .isEqualTo(config.timings().idleLook());
    }
}
