package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Readiness;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.ReplicaInfo;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class FleetObserverTest {

    private static final Duration INSTANT = Duration.ofNanos(1);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final WatchedStore store = new WatchedStore(environment);
    private final EngineConfig config = config(ProbeExecution.NOTHING);
    private final FleetObserver observer = newObserver(config);

    private EngineConfig config(Migration... migrations) {
        return environment.config(store, environment.newLock(), Runnable::run, migrations);
    }

    private String report = "";

    private FleetObserver newObserver(EngineConfig of) {
        return new FleetObserver(store, of.build(), of.timings(), environment);
    }

    private Heartbeat lastHeartbeat() {
        return store.heartbeats.get(store.heartbeats.size() - 1);
    }

    /** Each of the next looks takes that long. */
    private void looksTake(Duration... times) {
        Deque<Duration> next = new ArrayDeque<>(List.of(times));
        store.onCall = call -> {
            Duration time = next.poll();
            if (time != null) {
                environment.pass(time);
            }
        };
    }

    private void theStoreFails() {
        store.onCall = call -> {
            throw new IllegalStateException("the store is down");
        };
    }

    @Nested
    class View {

        @Test
        void thereIsNoneBeforeTheFirstLook() {
            assertThat(observer.viewOrNull()).isNull();
            assertThatThrownBy(observer::view)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no look has succeeded yet");
        }

        @Test
        void itIsTheOneThatTheLastLookReturned() {
            FleetView first = observer.look();
            assertThat(observer.view()).isSameAs(first);
            assertThat(observer.viewOrNull()).isSameAs(first);
            FleetView second = observer.look();
            assertThat(observer.view()).as("at the same instant").isSameAs(second);
        }

        @Test
        void itShowsWhatTheStoreShows() {
            store.put(FleetState.DOCUMENT, FleetState.initial(7).toJson());
            FleetView view = observer.look();
            assertThat(view.state().current()).isEqualTo(7);
            assertThat(view.snapshot().replicas())
                    .singleElement()
                    .satisfies(replica -> assertThat(replica.replicaId()).isEqualTo("replica"));
        }

        @Test
        void itIsAsOldAsTheRequest() {
            long sentAt = environment.nanoTime();
            looksTake(SECOND);
            assertThat(observer.look().takenAt()).isEqualTo(sentAt);
        }

        @Test
        void aLookThatFailsLeavesItAsItWas() {
            FleetView view = observer.look();
            theStoreFails();
            assertThatThrownBy(observer::look).hasMessage("the store is down");
            assertThat(observer.view()).isSameAs(view);
        }

        /** Another thread looks while the first look is under way. */
        @Test
        void aStaleOneIsDropped() {
            List<FleetView> seen = new ArrayList<>();
            List<FleetView> newer = new ArrayList<>();
            observer.subscribe(seen::add);
            store.onCall = call -> {
                store.onCall = inner -> {};
                environment.pass(INSTANT);
                newer.add(observer.look());
            };
            FleetView stale = observer.look();
            assertThat(stale).as("who looked sees its own").isNotSameAs(newer.get(0));
            assertThat(observer.view()).isSameAs(newer.get(0));
            assertThat(seen).containsExactlyElementsOf(newer);
        }
    }

    @Nested
    class Subscribers {

        @Test
        void areGivenEachViewInOrder() {
            List<FleetView> first = new ArrayList<>();
            List<FleetView> second = new ArrayList<>();
            observer.subscribe(first::add);
            FleetView one = observer.look();
            observer.subscribe(second::add);
            FleetView two = observer.look();
            environment.pass(SECOND);
            FleetView three = observer.look();
            assertThat(first).containsExactly(one, two, three);
            assertThat(second).as("from then on").containsExactly(two, three);
        }

        @Test
        void areCalledInTheOrderInWhichTheySubscribed() {
            List<String> called = new ArrayList<>();
            observer.subscribe(view -> called.add("first"));
            observer.subscribe(view -> called.add("second"));
            observer.look();
            assertThat(called).containsExactly("first", "second");
        }

        @Test
        void areCalledOneAtATimeAndSeeTheViewAsTheLatest() {
            List<Boolean> locked = new ArrayList<>();
            observer.subscribe(view -> {
                locked.add(Thread.holdsLock(observer));
                assertThat(observer.view()).isSameAs(view);
            });
            observer.look();
            assertThat(locked).containsExactly(true);
        }

        @Test
        void areNotToldOfALookThatFails() {
            List<FleetView> seen = new ArrayList<>();
            observer.subscribe(seen::add);
            theStoreFails();
            assertThatThrownBy(observer::look).hasMessage("the store is down");
            assertThat(seen).isEmpty();
        }
    }

    @Nested
    class Announcement {

        @Test
        void saysWhoTheReplicaIsAndWhatItKnows() {
            observer.look();
            assertThat(lastHeartbeat())
                    .isEqualTo(new Heartbeat(
                            new ReplicaInfo("replica", "node", "build", "", 1, 0, false),
                            null,
                            DueFilter.BY_THE_CLOCK,
                            false,
                            false));
        }

        @Test
        void hasAReportOnlyWhenItHasChangedSinceTheLastLookThatSucceeded() {
            observer.reportWith(() -> report);
            observer.look();
            assertThat(lastHeartbeat().report()).as("nothing to report").isNull();
            report = "{1}";
            theStoreFails();
            assertThatThrownBy(observer::look).hasMessage("the store is down");
            store.onCall = call -> {};
            observer.look();
            assertThat(lastHeartbeat().report()).as("after a look that failed").isEqualTo("{1}");
            observer.look();
            assertThat(lastHeartbeat().report()).as("unchanged").isNull();
            report = "{2}";
            observer.look();
            assertThat(lastHeartbeat().report()).isEqualTo("{2}");
        }

        @Test
        void aVisitorOnlyLooks() {
            FleetObserver.visitor(store, config.build(), config.timings(), environment)
                    .look();
            assertThat(lastHeartbeat().observer()).isTrue();
            assertThat(observer.look().snapshot().replicas()).hasSize(1);
            assertThat(lastHeartbeat().observer()).isFalse();
        }

        @Test
        void saysWhetherTheReplicaIsReady() {
            observer.look();
            assertThat(lastHeartbeat().self().ready())
                    .as("before the first view")
                    .isFalse();
            observer.look();
            assertThat(lastHeartbeat().self().ready()).isTrue();
        }

        @Test
        void saysWhichRecordsAreDue() {
            assertThat(observer.due(Set.of(1))).isEqualTo(DueFilter.BY_THE_CLOCK);
            observer.retryWhatFailedBefore(700);
            assertThat(observer.due(Set.of(1))).isEqualTo(new DueFilter(700L));
            observer.look();
            assertThat(lastHeartbeat().due()).isEqualTo(new DueFilter(700L));
        }
    }

    @Nested
    class Silence {

        @Test
        void beginsWhenTheObserverIsMade() {
            environment.pass(SECOND);
            assertThat(observer.silentNanos()).isEqualTo(SECOND.toNanos());
        }

        @Test
        void beginsWhenTheLastLookThatSucceededWasSent() {
            environment.pass(SECOND);
            looksTake(Duration.ofSeconds(2));
            observer.look();
            assertThat(observer.silentNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
            theStoreFails();
            environment.pass(SECOND);
            assertThatThrownBy(observer::look).hasMessage("the store is down");
            assertThat(observer.silentNanos()).isEqualTo(Duration.ofSeconds(3).toNanos());
        }
    }

    @Nested
    class UsualLookNanos {

        @Test
        void isTheShorterOfTheLastTwo() {
            assertThat(observer.usualLookNanos()).as("before the first").isZero();
            looksTake(Duration.ofNanos(5), Duration.ofNanos(7), Duration.ofNanos(4), Duration.ofNanos(9));
            observer.look();
            assertThat(observer.usualLookNanos())
                    .as("a single one does not count")
                    .isZero();
            observer.look();
            assertThat(observer.usualLookNanos()).isEqualTo(5);
            observer.look();
            assertThat(observer.usualLookNanos()).isEqualTo(4);
            observer.look();
            assertThat(observer.usualLookNanos()).isEqualTo(4);
            observer.look();
            assertThat(observer.usualLookNanos()).isZero();
        }

        @Test
        void doesNotCountALookThatFails() {
            looksTake(Duration.ofNanos(5), Duration.ofNanos(5));
            observer.look();
            observer.look();
            store.onCall = call -> {
                environment.pass(SECOND);
                throw new IllegalStateException("the store is down");
            };
            assertThatThrownBy(observer::look).hasMessage("the store is down");
            assertThat(observer.usualLookNanos()).isEqualTo(5);
        }
    }

    @Nested
    class ReadinessOfTheReplica {

        /** A silent replica no longer counts after the grace period; it stops serving after half of it. */
        private final Duration half = config.timings().rolloutGrace().dividedBy(2);

        @Test
        void needsALook() {
            assertThat(observer.readiness())
                    .isEqualTo(Readiness.notReady("no look at the shared state has succeeded yet"));
            observer.look();
            assertThat(observer.readiness()).isEqualTo(Readiness.READY);
        }

        @Test
        void needsALookInTheLastHalfOfTheGracePeriod() {
            observer.look();
            environment.pass(half);
            assertThat(observer.readiness()).as("just in time").isEqualTo(Readiness.READY);
            environment.pass(INSTANT);
            assertThat(observer.readiness())
                    .isEqualTo(Readiness.notReady("no look at the shared state has succeeded for " + half.toSeconds()
                            + " s: the fleet may soon stop waiting for this replica"));
            observer.look();
            assertThat(lastHeartbeat().self().ready()).as("as announced").isFalse();
            assertThat(observer.readiness()).isEqualTo(Readiness.READY);
        }

        @Test
        void needsAllStartedMigrationsWithAFullRollout() {
            FleetState state = FleetState.initial(0)
                    .extended(List.of(
                            new MigrationInfo(1, "nothing", true, false),
                            new MigrationInfo(2, "rollout", true, false, true)))
                    .reached(1);
            store.put(FleetState.DOCUMENT, state.toJson());
            observer.look();
            assertThat(observer.readiness()).as("not started yet").isEqualTo(Readiness.READY);
            store.put(FleetState.DOCUMENT, state.opened(2).toJson());
            observer.look();
            assertThat(observer.readiness())
                    .isEqualTo(
                            Readiness.notReady(
                                    "the fleet has started 0002_rollout, which needs a full rollout and is unknown to this build"));
            observer.look();
            assertThat(lastHeartbeat().self().ready()).as("as announced").isFalse();
        }
    }

    /** Once an hour a look goes through the KBs themselves; where there are many replicas, one of them makes it. */
    @Nested
    class ThoroughLooks {

        private static final Duration QUARTER = Duration.ofMinutes(15);
        private static final Duration HOUR = Duration.ofHours(1);
        private static final Duration TWO_HOURS = Duration.ofHours(2);

        private final EngineConfig withoutMigrations = config();
        private final FleetObserver replica = newObserver(withoutMigrations);

        /** In an empty fleet there is no lowest version. */
        private boolean isNextLookThorough() {
            boolean thorough = replica.look().snapshot().floors().get(0) == Long.MAX_VALUE;
            assertThat(lastHeartbeat().thorough()).isEqualTo(thorough);
            return thorough;
        }

        private void another(String id, long newestVersion, boolean ready) {
            store.look(new Heartbeat(
                    new ReplicaInfo(id, "node", "build", "", newestVersion, 0, ready),
                    null,
                    DueFilter.BY_THE_CLOCK,
                    false,
                    false));
        }

        /** Returns whether this replica makes one within that time, while others look as often as it does. */
        private boolean makesOneWithin(Duration time, Runnable others) {
            for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(QUARTER)) {
                environment.pass(QUARTER);
                others.run();
                if (isNextLookThorough()) {
                    return true;
                }
            }
            return false;
        }

        @Test
        void aSingleReplicaMakesOnePerHour() {
            assertThat(isNextLookThorough()).as("the first").isFalse();
            environment.pass(HOUR.minusNanos(1));
            assertThat(isNextLookThorough()).as("a little early").isFalse();
            environment.pass(INSTANT);
            assertThat(isNextLookThorough()).as("after an hour").isTrue();
            assertThat(isNextLookThorough()).as("right after it").isFalse();
            environment.pass(HOUR);
            assertThat(isNextLookThorough()).as("after another hour").isTrue();
        }

        @Test
        void theFirstLookIsNeverOneHoweverLateItIs() {
            environment.pass(TWO_HOURS);
            assertThat(isNextLookThorough()).isFalse();
            assertThat(isNextLookThorough()).isTrue();
        }

        @Test
        void oneThatFindsSomethingIsRepeatedAtOnce() {
            store.put(
                    FleetState.DOCUMENT,
                    FleetState.initial(0)
                            .extended(List.of(new MigrationInfo(1, "nothing", true, false)))
                            .reached(1)
                            .toJson());
            store.byOthers(() -> store.enroll(List.of("kb"), 0));
            observer.look();
            environment.pass(HOUR);
            observer.look();
            assertThat(lastHeartbeat().thorough()).isTrue();
            observer.look();
            assertThat(lastHeartbeat().thorough()).as("at once").isTrue();
            observer.look();
            assertThat(lastHeartbeat().thorough())
                    .as("nobody has brought it up")
                    .isFalse();
        }

        @Test
        void ofTwoReplicasThatAreAlikeOneMakesIt() {
            assertThat(makesOneWithin(TWO_HOURS, () -> another("a", 0, true))).isTrue();
            assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 0, true))).isFalse();
        }

        @Test
        void aReplicaThatKnowsMoreMakesIt() {
            assertThat(makesOneWithin(TWO_HOURS, () -> another("a", 1, true))).isFalse();
        }

        @Test
        void aReplicaThatKnowsLessDoesNot() {
            assertThat(makesOneWithin(TWO_HOURS, () -> another("z", -1, true))).isTrue();
        }

        @Test
        void aReplicaThatIsNotReadyDoesNot() {
            assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 1, false))).isTrue();
        }

        @Test
        void whenThatReplicaIsGoneAnotherTakesOver() {
            assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 0, true))).isFalse();
            assertThat(makesOneWithin(withoutMigrations.timings().recently(), () -> {}))
                    .isFalse();
            assertThat(makesOneWithin(QUARTER.multipliedBy(2), () -> {})).isTrue();
        }
    }
}
