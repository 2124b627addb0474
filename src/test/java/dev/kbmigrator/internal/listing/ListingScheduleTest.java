package dev.kbmigrator.internal.listing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ListingScheduleTest {

    private static final FleetState WITH_TARGET =
            FleetState.initial(0).extended(List.of(new MigrationInfo(1, "migration", true, false)));

    private final ManualEnvironment environment = new ManualEnvironment();
    private final List<String> forgotten = new ArrayList<>();
    private final EngineConfig config = environment.config(
            new MemoryStateStore(() -> 0) {
                @Override
                public synchronized void forgetReplica(String replicaId) {
                    forgotten.add(replicaId);
                }
            },
            MemoryLock.create(() -> 0),
            environment.started);
    private final FrozenEnvironment.Flag loopSignal = new FrozenEnvironment.Flag();
    private final KbListing listing = newListing();
    private final ListingSchedule listings = schedule(RunMode.BACKGROUND);
    private boolean failing;

    private KbListing newListing() {
        KnowledgeBoxes host = () -> {
            if (failing) {
                throw new IllegalStateException("the list cannot be read");
            }
            return Stream.empty();
        };
        FleetObserver observer = new FleetObserver(config.store(), config.build(), config.timings(), environment);
        return new KbListing(
                config.store(), new HostKbs(host, "replica"), observer, config.timings(), environment, () -> false);
    }

    private ListingSchedule schedule(RunMode mode) {
        return new ListingSchedule(listing, config.store(), mode, config.timings(), environment, loopSignal);
    }

    private static FleetView view(FleetState state, ReplicaState... replicas) {
        return FrozenEnvironment.lookAt(
                state, FrozenEnvironment.catalog(1), Duration.ZERO, List.of(), List.of(replicas));
    }

    @Test
    void theListIsReadUnlessTheCoordinatorOpensAStageNow() {
        listings.startIfDue(view(WITH_TARGET));
        assertThat(environment.started.size()).as("the coordinator sees to it").isZero();
        listings.startIfDue(view(WITH_TARGET.opened(1)));
        assertThat(environment.started.size()).as("in the middle of a stage").isEqualTo(1);
        assertThat(listings.isRunning()).isTrue();
        listings.startIfDue(view(WITH_TARGET.reached(1)));
        assertThat(environment.started.size()).as("one at a time").isEqualTo(1);
        environment.started.runOne();
        assertThat(listings.isRunning()).isFalse();
        listings.startIfDue(view(WITH_TARGET.reached(1)));
        assertThat(environment.started.size()).as("with no target").isEqualTo(1);
    }

    @Test
    void aViewTakenBeforeTheEndDoesNotShowTheListing() {
        FleetView first = environment.view(1, 1, FrozenEnvironment.floors(0), List.of(), List.of());
        assertThat(listings.hasEndedSince(first)).as("there was none").isFalse();
        listings.startIfDue(first);
        environment.pass(Duration.ofSeconds(5));
        FleetView meanwhile = environment.view(1, 1, FrozenEnvironment.floors(0), List.of(), List.of());
        environment.started.runOne();
        assertThat(listings.hasEndedSince(first)).isTrue();
        assertThat(listings.hasEndedSince(meanwhile)).as("at the same instant").isTrue();
        environment.pass(Duration.ofNanos(1));
        assertThat(listings.hasEndedSince(environment.view(1, 1, FrozenEnvironment.floors(0), List.of(), List.of())))
                .isFalse();
    }

    @Test
    void replicasSilentForMoreThanADayAreForgotten() {
        Duration day = Duration.ofDays(1);
        listings.startIfDue(view(
                WITH_TARGET.reached(1),
                FrozenEnvironment.replica(1, day),
                FrozenEnvironment.replica(2, day.plusNanos(1_000))));
        environment.started.runOne();
        assertThat(forgotten).containsExactly("replica-2");
    }

    @Test
    void theLoopIsWokenWhenAListingHasEnded() {
        listings.startIfDue(view(WITH_TARGET.reached(1)));
        assertThat(loopSignal.isRaised()).isFalse();
        environment.started.runOne();
        assertThat(loopSignal.isRaised()).isTrue();
    }

    @Test
    void aListingThatFailsEndsTooAndForgetsSilentReplicas() {
        failing = true;
        FleetView view = view(WITH_TARGET.reached(1), FrozenEnvironment.replica(1, Duration.ofDays(2)));
        listings.startIfDue(view);
        environment.started.runOne();
        assertThat(listings.isRunning()).isFalse();
        assertThat(listings.hasEndedSince(view)).isTrue();
        assertThat(loopSignal.isRaised()).isTrue();
        assertThat(forgotten).containsExactly("replica-1");
    }

    /** A list that takes longer than the interval would be due forever. */
    @Nested
    class SingleRun {

        private final ListingSchedule once = schedule(RunMode.SINGLE_RUN);

        private boolean lists(FleetState state) {
            once.startIfDue(view(state));
            return environment.started.runOne();
        }

        @Test
        void listsOnceMoreWhenEverythingIsDone() {
            assertThat(lists(WITH_TARGET.opened(1)))
                    .as("in the middle of a stage")
                    .isTrue();
            assertThat(lists(WITH_TARGET.opened(1))).as("still due").isTrue();
            assertThat(lists(WITH_TARGET.reached(1))).as("at the end").isTrue();
            assertThat(lists(WITH_TARGET.reached(1))).as("enough").isFalse();
        }

        @Test
        void listsAgainInANewStage() {
            assertThat(lists(WITH_TARGET.reached(1))).isTrue();
            assertThat(lists(WITH_TARGET.opened(1))).isTrue();
        }

        @Test
        void doesNotRetryAListThatFails() {
            failing = true;
            assertThat(lists(WITH_TARGET.reached(1))).isTrue();
            assertThat(lists(WITH_TARGET.reached(1))).isFalse();
        }
    }
}
