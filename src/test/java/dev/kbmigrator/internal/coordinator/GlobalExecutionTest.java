package dev.kbmigrator.internal.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.execution.ExecutionThread;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The record of a global part, under the coordinator's epoch. */
class GlobalExecutionTest {

    private static final String DOCUMENT = GlobalExecution.documentOf(8);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final Store store = new Store();
    private final EngineConfig config = environment.config(
            store, MemoryLock.create(() -> 0), Runnable::run, GlobalMigration.of(8, "global", context -> {}));
    private final Epoch epoch =
            Objects.requireNonNull(store.openEpochs(Set.of(Epoch.COORDINATOR)).get(Epoch.COORDINATOR));
    private final AtomicInteger finished = new AtomicInteger();
    private final GlobalExecution body = newBody(2);

    private static final class Store extends MemoryStateStore {

        private final AtomicInteger tries = new AtomicInteger();
        private Runnable before = () -> {};

        private Store() {
            super(() -> 0);
        }

        @Override
        public synchronized boolean compareAndSet(
                String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
            if (fence != null) {
                tries.incrementAndGet();
                before.run();
            }
            return super.compareAndSet(name, expectedRevision, json, fence);
        }
    }

    /** What a look shows of a fleet at that version. */
    private FleetView view(long current, List<KbRecordCount> attempts) {
        FleetState state = new FleetState(
                1, 0, current, 8, 8, Long.MAX_VALUE, 0, config.catalog().infos(), Json.object());
        return FrozenEnvironment.lookAt(state, config.catalog(), Duration.ZERO, attempts, List.of());
    }

    private GlobalExecution newBody(int failures) {
        FleetView view = view(7, List.of());
        HeldScope held = new HeldScope(
                FrozenEnvironment.held(() -> {}).lease(), epoch, FrozenEnvironment.TTL.toNanos(), () -> {});
        return new GlobalExecution(config, held, view, failures, finished::incrementAndGet);
    }

    private ObjectNode record() {
        return GlobalExecution.read(store, 8);
    }

    private void takeOver() {
        store.openEpochs(Set.of(Epoch.COORDINATOR));
    }

    private boolean recordFailure() {
        return body.recordFailure(Failed.with(new IllegalStateException("broken")), Duration.ofMinutes(1));
    }

    @Test
    void itGoesOnFromTheFleetsVersion() {
        assertThat(body.fromVersion()).isEqualTo(7);
        assertThat(body.version()).isEqualTo(8);
        assertThat(body.attempt()).isEqualTo(3);
    }

    @Test
    void itSaysWhenItHasFinished() {
        body.run(new ExecutionThread(environment), () -> false);
        assertThat(finished).hasValue(1);
    }

    @Test
    void aFailureIsOnRecordWithItsNextAttempt() {
        assertThat(recordFailure()).isTrue();
        assertThat(record().path("failures").asInt()).isEqualTo(3);
        assertThat(record().path("error").asText()).contains("broken");
        assertThat(record().path("dueMicros").asLong()
                        - record().path("failedMicros").asLong())
                .isEqualTo(TimeUnit.MINUTES.toMicros(1));
    }

    @Test
    void whatIsDoneIsOnRecordUnlessItHasCommittedThatItself() {
        body.committed();
        assertThat(body.recordDone()).isTrue();
        assertThat(record().has("done")).isFalse();
        assertThat(newBody(0).recordDone()).isTrue();
        assertThat(record().path("done").asBoolean()).isTrue();
    }

    @Test
    void whoIsSupersededRecordsNothingAndHasToStop() {
        takeOver();
        assertThat(body.recordDone()).isFalse();
        assertThat(recordFailure()).isFalse();
        assertThatThrownBy(() -> body.saveCheckpoint("here")).isInstanceOf(MigrationCancelledException.class);
        assertThat(body.isCancelled()).isTrue();
        assertThat(store.document(DOCUMENT)).isEmpty();
    }

    @Test
    void whoIsSupersededAndFindsARecordChangesNothingEither() {
        assertThat(recordFailure()).isTrue();
        takeOver();
        assertThat(body.recordDone()).isFalse();
        assertThat(store.tries).as("tries").hasValue(2);
        assertThat(record().has("done")).isFalse();
    }

    @Test
    void aTransactionOfItsOwnChangesTheRecordThatIsThere() {
        Document first = body.checkpointRecord("1").orElseThrow();
        assertThat(first.revision()).isZero();
        assertThat(recordFailure()).isTrue();
        Document next = body.checkpointRecord("1").orElseThrow();
        assertThat(next.name()).isEqualTo(DOCUMENT);
        assertThat(next.revision())
                .isEqualTo(store.document(DOCUMENT).orElseThrow().revision());
        assertThat(next.json()).contains("\"checkpoint\"").contains("broken");
        assertThat(body.doneRecord().orElseThrow().json()).contains("\"done\":true");
    }

    @Test
    void aRecordThatOthersChangeIsReadAgainAFewTimes() {
        AtomicInteger others = new AtomicInteger();
        store.before = () -> {
            if (others.incrementAndGet() < 5) {
                change();
            }
        };
        assertThat(body.recordDone()).isTrue();
        assertThat(store.tries).hasValue(5);
        store.before = this::change;
        assertThatThrownBy(body::recordDone)
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("again and again");
        assertThat(store.tries).hasValue(10);
    }

    private void change() {
        long revision = store.document(DOCUMENT).map(Document::revision).orElse(0L);
        store.compareAndSet(DOCUMENT, revision, "{}", null);
    }

    @Test
    void aFailureStandsUntilItIsDoneAndWhileItIsNext() {
        FleetView next = view(7, List.of());
        assertThat(GlobalExecution.failureThatStands(store, next)).isEmpty();
        recordFailure();
        ObjectNode failure = GlobalExecution.failureThatStands(store, next).orElseThrow();
        assertThat(GlobalExecution.describeFailure(failure))
                .startsWith("0008_global has failed 3 times, the last time with ")
                .contains("broken");
        FleetView kbsFirst = view(7, List.of(new KbRecordCount(3, 0, 0, 1, 0, 1)));
        assertThat(GlobalExecution.failureThatStands(store, kbsFirst))
                .as("KBs come first")
                .isEmpty();
        assertThat(GlobalExecution.failureThatStands(store, view(8, List.of())))
                .as("behind it")
                .isEmpty();
        body.recordDone();
        assertThat(GlobalExecution.failureThatStands(store, next))
                .as("it is done")
                .isEmpty();
    }

    @Test
    void itSaysWhatItIs() {
        assertThat(body).hasToString("0008_global, global part, attempt 3");
    }
}
