package dev.kbmigrator.internal.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.internal.support.ErrorText;
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

    private static final String DOCUMENT = GlobalPartRecord.documentOf(8);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final Store store = new Store();
    private final DocumentUpdate documents = new DocumentUpdate(store);
    private final EngineConfig config = environment.config(
            store, MemoryLock.create(() -> 0), Runnable::run, GlobalMigration.of(8, "global", context -> {}));
    private final Epoch epoch =
            Objects.requireNonNull(store.openEpochs(Set.of(Epoch.COORDINATOR)).get(Epoch.COORDINATOR));
    private final AtomicInteger finished = new AtomicInteger();
    private final GlobalExecution execution = newExecution(2);

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

    /** Returns what a look shows of a fleet at that version. */
    private FleetView view(long current, List<KbRecordCount> attempts) {
        Plan plan = new Plan(config.build().catalog().above(0));
        FleetState state =
                new FleetState(1, 7, current, 8, current < 8 ? 8 : 0, Long.MAX_VALUE, 0, plan, Json.object());
        return FrozenEnvironment.lookAt(state, config.build().catalog(), Duration.ZERO, attempts, List.of());
    }

    private GlobalExecution newExecution(int failures) {
        FleetView view = view(7, List.of());
        HeldScope held = new HeldScope(
                FrozenEnvironment.held(() -> {}).lease(), epoch, FrozenEnvironment.TTL.toNanos(), lost -> {});
        GlobalExecution.Context context = new GlobalExecution.Context(
                environment, config.host().services(), documents, config.build().identity(), finished::incrementAndGet);
        MigrationCatalog.Entry migration =
                Objects.requireNonNull(config.build().catalog().get(8));
        return new GlobalExecution(context, held, view, migration, failures);
    }

    private ObjectNode record() {
        return documents.read(DOCUMENT);
    }

    private void takeOver() {
        store.openEpochs(Set.of(Epoch.COORDINATOR));
    }

    private boolean recordFailure() {
        return execution.recordFailure(
                new Failed(ErrorText.of(new IllegalStateException("broken"))), Duration.ofMinutes(1));
    }

    @Test
    void itStartsFromTheFleetsVersion() {
        assertThat(execution.fromVersion()).isEqualTo(7);
        assertThat(execution.version()).isEqualTo(8);
        assertThat(execution.attempt()).isEqualTo(3);
    }

    @Test
    void itReportsThatItHasFinished() {
        new ExecutionPool(Runnable::run, 1, environment, () -> {}).runExtra(execution);
        assertThat(execution.outcome()).isInstanceOf(Done.class);
        assertThat(finished).hasValue(1);
    }

    @Test
    void aFailureIsRecordedWithItsNextAttempt() {
        assertThat(recordFailure()).isTrue();
        assertThat(record().path("failures").asInt()).isEqualTo(3);
        assertThat(record().path("error").asText()).contains("broken");
        assertThat(record().path("dueMicros").asLong()
                        - record().path("failedMicros").asLong())
                .isEqualTo(TimeUnit.MINUTES.toMicros(1));
    }

    @Test
    void successIsRecordedUnlessThePartCommittedItItself() {
        execution.committed();
        assertThat(execution.recordDone()).isTrue();
        assertThat(record().has("done")).isFalse();
        assertThat(newExecution(0).recordDone()).isTrue();
        assertThat(record().path("done").asBoolean()).isTrue();
    }

    @Test
    void aSupersededCoordinatorRecordsNothingAndHasToStop() {
        takeOver();
        assertThat(execution.recordDone()).isFalse();
        assertThat(recordFailure()).isFalse();
        assertThatThrownBy(() -> execution.saveCheckpoint("here")).isInstanceOf(MigrationCancelledException.class);
        assertThat(execution.cancellation()).isEqualTo(Cancellation.LOST);
        assertThat(store.document(DOCUMENT)).isEmpty();
    }

    @Test
    void aSupersededCoordinatorChangesNoExistingRecord() {
        assertThat(recordFailure()).isTrue();
        takeOver();
        assertThat(execution.recordDone()).isFalse();
        assertThat(store.tries).as("tries").hasValue(2);
        assertThat(record().has("done")).isFalse();
    }

    @Test
    void aTransactionOfThePartChangesTheExistingRecord() {
        Document first = execution.checkpointRecord("1").orElseThrow();
        assertThat(first.revision()).isZero();
        assertThat(recordFailure()).isTrue();
        Document next = execution.checkpointRecord("1").orElseThrow();
        assertThat(next.name()).isEqualTo(DOCUMENT);
        assertThat(next.revision())
                .isEqualTo(store.document(DOCUMENT).orElseThrow().revision());
        assertThat(next.json()).contains("\"checkpoint\"").contains("broken");
        assertThat(execution.doneRecord().orElseThrow().json()).contains("\"done\":true");
    }

    @Test
    void aRecordThatOthersChangeIsReadAgainUpToTwentyTimes() {
        AtomicInteger others = new AtomicInteger();
        store.before = () -> {
            if (others.incrementAndGet() < 20) {
                change();
            }
        };
        assertThat(execution.recordDone()).isTrue();
        assertThat(store.tries).hasValue(20);
        assertThat(record().path("done").asBoolean()).isTrue();
        store.before = this::change;
        assertThatThrownBy(execution::recordDone)
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining(DOCUMENT + " was changed by others 20 times in a row");
        assertThat(store.tries).hasValue(40);
    }

    private void change() {
        long revision = store.document(DOCUMENT).map(Document::revision).orElse(0L);
        store.compareAndSet(DOCUMENT, revision, "{}", null);
    }

    @Test
    void aFailureStandsWhileThePartIsNextAndNotDone() {
        FleetView next = view(7, List.of());
        assertThat(GlobalPartRecord.standingFailure(documents, next)).isEmpty();
        recordFailure();
        assertThat(GlobalPartRecord.standingFailure(documents, next)
                        .orElseThrow()
                        .toString())
                .startsWith("0008_global has failed 3 times, the last time with ")
                .contains("broken");
        FleetView kbsFirst = view(7, List.of(new KbRecordCount(3, 0, 0, 1, 0, 1, 1)));
        assertThat(GlobalPartRecord.standingFailure(documents, kbsFirst))
                .as("KBs come first")
                .isEmpty();
        assertThat(GlobalPartRecord.standingFailure(documents, view(8, List.of())))
                .as("behind it")
                .isEmpty();
        execution.recordDone();
        assertThat(GlobalPartRecord.standingFailure(documents, next))
                .as("it is done")
                .isEmpty();
    }

    @Test
    void itsTextNamesTheMigrationAndTheAttempt() {
        assertThat(execution).hasToString("0008_global, global part, attempt 3");
    }
}
