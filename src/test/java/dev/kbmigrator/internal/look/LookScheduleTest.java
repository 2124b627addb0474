package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LookScheduleTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final EngineConfig config =
            environment.config(new SlowStore(), MemoryLock.create(() -> 0), environment.started);
    private final FleetObserver observer =
            new FleetObserver(config.store(), config.build(), config.timings(), environment);
    private final FakeWorkload workload = new FakeWorkload();
    private final LookSchedule background = schedule(RunMode.BACKGROUND);
    private final LookSchedule singleRun = schedule(RunMode.SINGLE_RUN);
    private Duration lookTime = Duration.ZERO;

    /** A store whose looks take time. */
    private final class SlowStore extends MemoryStateStore {

        private SlowStore() {
            super(() -> 0);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            environment.pass(lookTime);
            return super.look(self);
        }
    }

    private static final class FakeWorkload implements LookSchedule.Workload {

        private int workers;
        private boolean contended;

        @Override
        public int workers() {
            return workers;
        }

        @Override
        public boolean isContended() {
            return contended;
        }
    }

    private LookSchedule schedule(RunMode mode) {
        return new LookSchedule(observer, workload, mode, config.timings(), environment);
    }

    private void lookTakes(Duration time) {
        lookTime = time;
        observer.look();
    }

    private FleetView view(long revision, long current, KbRecordCount... counts) {
        return view(revision, current, Collections.nCopies(Partitions.COUNT, current), counts);
    }

    private FleetView view(long revision, long current, List<Long> floors, KbRecordCount... counts) {
        return environment.view(revision, current, floors, List.of(counts), List.of());
    }

    private Duration after(LookSchedule schedule, FleetView view) {
        schedule.goesBy(view);
        return Duration.ofNanos(schedule.afterLook(view));
    }

    private static Duration share(int divisor) {
        return FrozenEnvironment.ACTIVE_LOOK.dividedBy(divisor);
    }

    @Test
    void afterAChangeLooksComeSoonAndThenLessOften() {
        for (int divisor : new int[] {16, 8, 4, 2, 1, 1}) {
            assertThat(after(background, view(1, 0))).isEqualTo(share(divisor));
        }
        assertThat(after(background, view(2, 0))).isEqualTo(share(16));
    }

    @Test
    void aFleetAtItsTargetIsLookedAtSeldom() {
        assertThat(after(background, view(1, 1))).isEqualTo(config.timings().idleLook());
    }

    @Test
    void workThatOthersHoldHalvesTheWait() {
        FleetView unchanged = view(1, 0);
        for (int i = 0; i < 5; i++) {
            background.goesBy(unchanged);
        }
        workload.contended = true;
        assertThat(after(background, unchanged)).isEqualTo(share(2));
        workload.contended = false;
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
    void aWorkingSingleRunLooksOftenOnlyWhenOthersHoldWork() {
        FleetView unchanged = view(1, 0);
        for (int i = 0; i < 5; i++) {
            singleRun.goesBy(unchanged);
        }
        workload.workers = 1;
        assertThat(after(singleRun, unchanged)).isEqualTo(share(1));
        workload.contended = true;
        assertThat(after(singleRun, unchanged)).isEqualTo(share(16));
    }

    @Test
    void theMoreReplicasWaitTheLessOftenEachLooks() {
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
                        "replica-" + number, "node", "build", 1, true, 0, FrozenEnvironment.STORE_MICROS))
                .toList();
        return environment.view(1, 0, Collections.nCopies(Partitions.COUNT, 0L), List.of(), all);
    }

    @Test
    void theCoordinatorLooksOftenWhenFewPartitionsAreLeft() {
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(share(16));
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(17)))))
                .isEqualTo(share(4));
    }

    @Test
    void theCoordinatorDoesNotHurryWhileItsOwnReplicaWorks() {
        workload.workers = 1;
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(share(1));
        lookTakes(FrozenEnvironment.ACTIVE_LOOK);
        lookTakes(FrozenEnvironment.ACTIVE_LOOK);
        assertThat(Duration.ofNanos(background.atBarrier(view(1, 0, FrozenEnvironment.floors(16)))))
                .isEqualTo(FrozenEnvironment.ACTIVE_LOOK.multipliedBy(10));
    }

    @Test
    void twoSlowLooksMakeTheWaitTenTimesAsLong() {
        long slow = FrozenEnvironment.ACTIVE_LOOK.toNanos();
        lookTakes(FrozenEnvironment.ACTIVE_LOOK);
        assertThat(after(background, view(1, 0)))
                .as("a single one does not count")
                .isEqualTo(share(16));
        lookTakes(FrozenEnvironment.ACTIVE_LOOK.minusNanos(1));
        assertThat(background.afterLook(view(1, 0))).isEqualTo(10 * (slow - 1));
        assertThat(background.atBarrier(view(1, 0))).isEqualTo(10 * (slow - 1));
    }

    @Test
    void aKbThatIsDueEarlierIsNotKeptWaiting() {
        environment.pass(Duration.ofMinutes(1));
        FleetView due = view(
                1,
                1,
                new KbRecordCount(0, 1, 0, 1, 0, FrozenEnvironment.STORE_MICROS + TimeUnit.SECONDS.toMicros(3), 1));
        environment.pass(Duration.ofSeconds(1));
        assertThat(after(background, due)).isEqualTo(Duration.ofSeconds(2).plusMillis(1));
        assertThat(after(singleRun, due))
                .as("a single run tries it once")
                .isEqualTo(config.timings().idleLook());
    }

    @Test
    void aReplicaWithWorkersIsActive() {
        workload.workers = 1;
        assertThat(after(background, view(1, 1))).isEqualTo(share(16));
    }

    @Test
    void aKbThatIsOverdueIsNotPolledWithoutAPause() {
        FleetView overdue = view(1, 1, new KbRecordCount(0, 1, 0, 1, 0, FrozenEnvironment.STORE_MICROS - 1, 1));
        assertThat(after(background, overdue)).isEqualTo(Duration.ofMillis(1));
        environment.pass(Duration.ofSeconds(1));
        assertThat(after(background, overdue)).isEqualTo(Duration.ofMillis(1));
    }
}
