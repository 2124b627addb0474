package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Callers who wait for a KB of a fleet whose version 2 is open; what happens meanwhile happens in their waits. */
class KbRequestClientTest {

    private static final List<String> KBS = OnePartition.kbs(3);
    private static final String KB = KBS.get(0);
    private static final String OTHER = KBS.get(1);
    private static final String UNKNOWN = KBS.get(2);
    private static final String REQUESTS = Document.ANNOUNCED + "request/";
    private static final Step NOTHING = () -> {};

    private final Waits environment = new Waits();
    private final Host host = new Host();
    private final Store store = new Store();
    private final EngineConfig config = newConfig();
    private final ReplicaLoop replica = new ReplicaLoop(config, RunMode.BACKGROUND);
    private final FrozenEnvironment.Flag wakeUp = environment.signals.get(0);
    private Optional<ReplicaLoop> background = Optional.of(replica);
    private final AtomicInteger left = new AtomicInteger();
    private final KbRequestClient requests = new KbRequestClient(config, () -> background, left::incrementAndGet);

    private interface Step {

        void run() throws InterruptedException;
    }

    /** Whoever waits here sees the test's next step happen. */
    private static final class Waits extends FrozenEnvironment {

        private final Queue<Step> steps = new ArrayDeque<>();
        private final List<String> threads = new ArrayList<>();
        private final List<Duration> waits = new ArrayList<>();
        private long nanos;
        private int questions;

        void pass(Duration time) {
            nanos += time.toNanos();
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void start(String name, Runnable task) {
            threads.add(name);
            super.start(name, task);
        }

        /** Nobody who waits asks the store this often in between. */
        void asked() {
            if (++questions > 100) {
                throw new AssertionError("it asks again and again, and does not wait");
            }
        }

        @Override
        public synchronized Signal newSignal() {
            Flag flag = new Flag();
            signals.add(flag);
            return new Signal() {

                @Override
                public void raise() {
                    flag.raise();
                }

                @Override
                public void await(long atMost) {
                    flag.await(atMost);
                }

                @Override
                public void awaitInterruptibly(long atMost) throws InterruptedException {
                    if (Thread.interrupted()) {
                        throw new InterruptedException();
                    }
                    questions = 0;
                    waits.add(Duration.ofNanos(atMost));
                    Step next = steps.poll();
                    if (next == null) {
                        throw new AssertionError("it waits though nothing more happens");
                    }
                    next.run();
                }
            };
        }
    }

    /** Says that a KB exists, unless the test has planned other replies for the next questions. */
    private static final class Host implements KnowledgeBoxes {

        private final Queue<Boolean> replies = new ArrayDeque<>();
        private int asked;

        @Override
        public Stream<String> ids() {
            return Stream.empty();
        }

        @Override
        public Collection<String> existing(Collection<String> kbIds) {
            asked++;
            return Objects.requireNonNullElse(replies.poll(), true) ? kbIds : List.of();
        }
    }

    private final class Store extends MemoryStateStore {

        private int looks;
        private int tries;
        private int refusals;

        private Store() {
            super(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            looks++;
            return super.look(self);
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            environment.asked();
            return super.find(kbIds);
        }

        @Override
        public synchronized boolean compareAndSet(
                String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
            if (name.startsWith(REQUESTS)) {
                tries++;
                if (refusals-- > 0) {
                    return false;
                }
            }
            return super.compareAndSet(name, expectedRevision, json, fence);
        }
    }

    private EngineConfig newConfig() {
        environment.knowledgeBoxes = host;
        return environment.config(store, MemoryLock.create(() -> 0), environment.started, migration(1), migration(2));
    }

    private static KbMigration migration(long version) {
        return KbMigration.of(version, "migration", (context, kbId) -> {});
    }

    @BeforeEach
    void twoKbsAtVersion0() {
        OnePartition.enroll(List.of(KB, OTHER), config);
    }

    private FleetState state() {
        return FleetState.read(store.document(FleetState.DOCUMENT).orElse(null), 0, "");
    }

    private long migrate(String kbId, Step... meanwhile) {
        environment.steps.addAll(Arrays.asList(meanwhile));
        return requests.migrateKb(state(), kbId, 0, "");
    }

    private long skip(long version, Step... meanwhile) {
        environment.steps.addAll(Arrays.asList(meanwhile));
        return requests.migrateKb(state(), KB, version, "fixed by hand");
    }

    private void advance(String kbId, long from, long to) {
        store.write(OnePartition.epochs(config), List.of(new KbWrite.Advanced(kbId, from, to)));
    }

    /** The KB has failed so many times. */
    private void fail(long from, int failures) {
        store.write(
                OnePartition.epochs(config),
                List.of(new KbWrite.Failed(KB, from, from + 1, failures, "bad data", Duration.ofHours(1))));
    }

    private List<KbRequest> asked() {
        return store.documents(REQUESTS).stream()
                .map(KbRequest::read)
                .flatMap(Optional::stream)
                .toList();
    }

    private void runHelper() {
        environment.started.runOne();
    }

    private boolean isEnrolled(String kbId) {
        return store.find(Set.of(kbId)).containsKey(kbId);
    }

    @Test
    void aKbThatIsUpToDateIsNotRequested() {
        advance(KB, 0, 2);
        assertThat(migrate(KB)).isEqualTo(2);
        assertThat(asked()).isEmpty();
    }

    @Test
    void aCallerWakesTheReplicaAndWaitsForTheKb() {
        List<Boolean> woken = new ArrayList<>();
        assertThat(migrate(
                        KB,
                        () -> {
                            assertThat(asked())
                                    .singleElement()
                                    .isEqualTo(new KbRequest(KbRequest.documentOf(KB), 1, KB, 0, ""));
                            woken.add(wakeUp.lower());
                            replica.observer().look();
                        },
                        () -> {
                            woken.add(wakeUp.lower());
                            advance(KB, 0, 1);
                        },
                        () -> advance(KB, 1, 2)))
                .isEqualTo(2);
        assertThat(woken).containsExactly(true, true);
        assertThat(environment.threads).as("nobody else goes to work").isEmpty();
        assertThat(replica.queue().isStopping()).isFalse();
    }

    @Test
    void aRequestToSkipSaysWhichVersionAndWhy() {
        List<KbRequest> seen = new ArrayList<>();
        assertThat(skip(1, () -> {
                    seen.addAll(asked());
                    advance(KB, 0, 2);
                }))
                .isEqualTo(2);
        assertThat(seen).containsExactly(new KbRequest(KbRequest.documentOf(KB), 1, KB, 1, "fixed by hand"));
    }

    @Test
    void aVersionThatTheKbHasIsNotSkipped() {
        advance(KB, 0, 1);
        assertThat(skip(1)).isEqualTo(1);
        assertThat(asked()).isEmpty();
    }

    @Test
    void noVersionBeyondTheOpenOneCanBeSkipped() {
        assertThatThrownBy(() -> skip(3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("version 3 cannot be skipped for KB " + KB + ": KBs are brought to version 2 at present");
        assertThat(asked()).isEmpty();
        assertThat(skip(2, () -> advance(KB, 0, 2))).isEqualTo(2);
    }

    @Test
    void aRequestReplacesTheOneBefore() {
        store.compareAndSet(KbRequest.documentOf(KB), 0, KbRequest.toJson(KB, 1, "before", "another"), null);
        List<KbRequest> seen = new ArrayList<>();
        migrate(KB, () -> {
            seen.addAll(asked());
            advance(KB, 0, 2);
        });
        assertThat(seen).containsExactly(new KbRequest(KbRequest.documentOf(KB), 2, KB, 0, ""));
    }

    @Test
    void aRequestThatOthersChangeIsWrittenAgainUpToTwentyTimes() {
        store.refusals = 19;
        assertThat(migrate(KB, () -> advance(KB, 0, 2))).isEqualTo(2);
        store.tries = 0;
        store.refusals = 20;
        assertThatThrownBy(() -> migrate(OTHER))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("was changed by others 20 times in a row");
        assertThat(store.tries).isEqualTo(20);
    }

    @Test
    void anUnknownKbIsEnrolledAtTheBaseline() {
        FleetState state = state();
        FleetState adopted = new FleetState(
                state.revision(),
                1,
                1,
                2,
                2,
                state.cap(),
                0,
                new Plan(state.plan().between(1, 2)),
                state.source());
        List<Long> versions = new ArrayList<>();
        environment.steps.add(() -> {
            versions.add(Objects.requireNonNull(store.find(Set.of(UNKNOWN)).get(UNKNOWN))
                    .version());
            advance(UNKNOWN, 1, 2);
        });
        assertThat(requests.migrateKb(adopted, UNKNOWN, 0, "")).isEqualTo(2);
        assertThat(versions).containsExactly(1L);
    }

    @Test
    void theHostIsNotAskedAboutAKbThatIsEnrolled() {
        host.replies.add(false);
        assertThat(migrate(KB, () -> advance(KB, 0, 2))).isEqualTo(2);
        assertThat(host.asked).isZero();
    }

    @Test
    void aKbThatTheHostDoesNotHaveIsNotEnrolled() {
        host.replies.add(false);
        assertThatThrownBy(() -> migrate(UNKNOWN))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("the host says that it does not exist");
        assertThat(isEnrolled(UNKNOWN)).isFalse();
        assertThat(asked()).isEmpty();
    }

    @Test
    void aKbThatIsDeletedWhileItIsEnrolledDoesNotComeBack() {
        host.replies.addAll(List.of(true, false));
        assertThatThrownBy(() -> migrate(UNKNOWN))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("the host says that it does not exist");
        assertThat(isEnrolled(UNKNOWN)).isFalse();
    }

    @Test
    void forgettingTheKbEndsTheWait() {
        assertThatThrownBy(() -> migrate(KB, () -> store.remove(Set.of(KB))))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("it was deleted meanwhile");
    }

    @Test
    void aFirstFailureEndsTheWait() {
        assertThatThrownBy(() -> migrate(KB, NOTHING, () -> fail(0, 1)))
                .isInstanceOf(MigratorException.class)
                .hasMessage("KB " + KB + " could not be brought to version 1: bad data");
    }

    @Test
    void onlyAFailureAfterTheRequestEndsTheWait() {
        fail(0, 1);
        assertThatThrownBy(() -> migrate(KB, NOTHING, () -> fail(0, 2))).hasMessageContaining("bad data");
        assertThat(environment.waits).hasSize(2);
    }

    @Test
    void aFirstFailureAtALaterVersionEndsTheWait() {
        fail(0, 3);
        assertThatThrownBy(() -> migrate(KB, () -> {
                    advance(KB, 0, 1);
                    fail(1, 1);
                }))
                .hasMessageContaining("could not be brought to version 2");
    }

    @Test
    void aLaterFailureThatIsCountedAnewEndsTheWait() {
        fail(0, 1);
        assertThatThrownBy(() -> migrate(KB, () -> {
                    environment.pass(Duration.ofMillis(1));
                    fail(0, 1);
                }))
                .hasMessageContaining("bad data");
    }

    @Test
    void aCheckpointIsNoFailure() {
        assertThat(migrate(
                        KB,
                        () -> store.write(
                                OnePartition.epochs(config), List.of(new KbWrite.Checkpointed(KB, 0, 1, "\"here\""))),
                        () -> advance(KB, 0, 2)))
                .isEqualTo(2);
    }

    @Test
    void aPauseEndsTheWait() {
        assertThatThrownBy(() -> migrate(KB, () -> {
                    String json = Json.object()
                            .put("paused", true)
                            .put("reason", "busy hours")
                            .toString();
                    store.compareAndSet(ControlDocument.NAME, 0, json, null);
                    replica.observer().look();
                }))
                .isInstanceOf(MigrationsPausedException.class)
                .hasMessage("KB " + KB + " is at version 0, and migrations are paused by an operator: busy hours");
    }

    @Test
    void anInterruptEndsTheWaitAndIsKept() {
        assertThatThrownBy(() -> migrate(KB, () -> Thread.currentThread().interrupt()))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
    }

    /** The replica that is started for the callers, because none is at work in the background. */
    @Nested
    class Helper {

        @BeforeEach
        void nothingInTheBackground() {
            background = Optional.empty();
        }

        @Test
        void itWorksForAsLongAsSomeoneWaits() {
            assertThat(migrate(KB, NOTHING, () -> advance(KB, 0, 2), KbRequestClientTest.this::runHelper))
                    .isEqualTo(2);
            assertThat(environment.threads).containsExactly("kb-migrator");
            assertThat(store.looks).as("it was stopped before it came to look").isZero();
            assertThat(left).hasValue(1);
            assertThat(requests.close()).as("nothing is at work any more").isEmpty();
        }

        @Test
        void itStopsWhenTheWaitEndsWithAFailure() {
            assertThatThrownBy(() -> migrate(KB, () -> fail(0, 1), KbRequestClientTest.this::runHelper))
                    .hasMessageContaining("bad data");
            assertThat(left).hasValue(1);
        }

        @Test
        void anInterruptedCallerDoesNotWaitForItToSignOff() {
            assertThatThrownBy(() -> migrate(KB, () -> Thread.currentThread().interrupt()))
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining("interrupted while waiting for KB " + KB + "; the request stays");
            assertThat(Thread.interrupted()).isTrue();
            assertThat(requests.close()).as("it is on its way").isEmpty();
            assertThat(left).hasValue(0);
            assertThat(environment.threads).containsExactly("kb-migrator", "kb-migrator-signoff");
            environment.started.runOne();
            assertThat(store.looks).as("it was stopped before it came to look").isZero();
            environment.started.runOne();
            assertThat(left).hasValue(1);
        }

        @Test
        void callersShareItAndTheLastOneStopsIt() {
            assertThat(migrate(KB, () -> {
                        assertThat(migrate(OTHER, () -> advance(OTHER, 0, 2))).isEqualTo(2);
                        assertThat(left).as("someone waits still").hasValue(0);
                        advance(KB, 0, 2);
                        environment.steps.add(KbRequestClientTest.this::runHelper);
                    }))
                    .isEqualTo(2);
            assertThat(environment.threads).containsExactly("kb-migrator");
            assertThat(left).hasValue(1);
        }

        @Test
        void withoutAnEndWithinATtlItDoesNotSignOff() {
            assertThat(migrate(KB, () -> advance(KB, 0, 2), () -> environment.pass(FrozenEnvironment.TTL)))
                    .isEqualTo(2);
            assertThat(environment.waits).endsWith(FrozenEnvironment.TTL);
            assertThat(left).hasValue(0);
        }

        @Test
        void afterAnInternalErrorItIsReplaced() {
            migrate(
                    KB,
                    KbRequestClientTest.this::runHelper,
                    () -> advance(KB, 0, 2),
                    () -> environment.pass(FrozenEnvironment.TTL));
            assertThat(environment.threads.stream().filter("kb-migrator"::equals))
                    .hasSize(2);
        }

        @Test
        void closingEndsTheWaitAndHandsItOver() {
            List<ReplicaLoop> atWork = new ArrayList<>();
            assertThatThrownBy(() -> migrate(KB, () -> requests.close().ifPresent(atWork::add)))
                    .isInstanceOf(MigratorClosedException.class)
                    .hasMessageContaining("closed while a KB was being migrated; the request stays");
            assertThat(atWork).hasSize(1);
            assertThat(atWork.get(0).queue().isStopping()).isFalse();
            assertThat(left).hasValue(0);
            assertThat(store.document(KbRequest.documentOf(KB)).map(Document::revision))
                    .as("the request stays")
                    .hasValue(1L);
        }
    }
}
