package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.execution.Execution.Gone;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** An attempt at one KB that is at version 0, in a partition that is held. */
class KbExecutionTest {

    private static final String KB = WorkerFixture.KBS.get(0);

    private final WorkerFixture replica = enrolled();

    private static WorkerFixture enrolled() {
        WorkerFixture replica = new WorkerFixture();
        replica.enroll(1);
        return replica;
    }

    private KbExecution begin() {
        return replica.begin(replica.held(), KB);
    }

    private void writeToStore(HeldPartition held, KbWrite write) {
        replica.store.write(Set.of(held.scope().epoch()), List.of(write));
    }

    @Test
    void itSaysWhichKbItIsAbout() {
        HeldPartition held = replica.held();
        KbExecution execution = replica.begin(held, replica.at(KB, 1), 2);
        assertThat(execution.kb()).isEqualTo(KB);
        assertThat(execution.kbId()).hasValue(KB);
        assertThat(execution.partition()).isSameAs(held);
        assertThat(execution.scope()).isSameAs(held.scope());
        assertThat(execution.fromVersion()).isEqualTo(1);
        assertThat(execution.version()).isEqualTo(2);
        assertThat(execution.doneRecord()).isEqualTo(Optional.empty());
        assertThat(execution.checkpointRecord("1")).isEqualTo(Optional.empty());
        assertThat(execution).asString().contains("2", " of KB " + KB, "attempt 1");
    }

    @Test
    void itRunsTheKbPartAndTellsItsOwner() {
        KbExecution execution = begin();
        replica.run(execution);
        assertThat(replica.ran).containsExactly(KB + " to 1");
        assertThat(replica.finished).containsExactly(execution);
        assertThat(execution.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void attemptsAreCountedFromTheRecordOfTheSameVersion() {
        KbState failed = new KbState(KB, 1, 0, new KbRecord(1, 4, "earlier", 0, 0, false, false, null));
        HeldPartition held = replica.held();
        assertThat(replica.begin(held, failed, 1).attempt()).isEqualTo(5);
        assertThat(replica.begin(held, failed, 2).attempt())
                .as("of another version")
                .isEqualTo(1);
        assertThat(replica.begin(held, replica.at(KB, 0), 1).attempt()).isEqualTo(1);
    }

    @Nested
    class WhenThePartThrows {

        private final IllegalStateException error = new IllegalStateException("broken");

        private KbExecution runFailing() {
            KbExecution execution = begin();
            replica.part = (context, kbId) -> {
                throw error;
            };
            replica.run(execution);
            return execution;
        }

        @Test
        void theKbHasFailed() {
            assertThat(runFailing().outcome()).isInstanceOfSatisfying(Failed.class, failed -> {
                assertThat(failed.error().error()).isSameAs(error);
                assertThat(failed.error().text()).contains("broken");
            });
        }

        @Test
        void aKbThatTheHostHasDeletedIsGone() {
            replica.deleted.add(KB);
            assertThat(runFailing().outcome()).isInstanceOf(Gone.class);
        }

        @Test
        void anotherDeletedKbDoesNotMatter() {
            replica.deleted.add("another");
            assertThat(runFailing().outcome()).isInstanceOf(Failed.class);
        }
    }

    /** The KB's first version runs, and something has happened to the KB. */
    @Nested
    class SavingACheckpoint {

        private final HeldPartition held = replica.held();
        private final KbExecution execution = replica.begin(held, KB);

        private void itCannotSaveAfter(Runnable event, Cancellation reason, String why) {
            List<Boolean> cancelled = new ArrayList<>();
            replica.part = (context, kbId) -> {
                event.run();
                assertThatThrownBy(() -> context.saveCheckpoint("here"))
                        .isInstanceOf(MigrationCancelledException.class)
                        .hasMessageContaining(why);
                cancelled.add(execution.cancellation() != null);
            };
            replica.run(execution);
            assertThat(cancelled).containsExactly(true);
            assertThat(execution.cancellation()).isEqualTo(reason);
            assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
            assertThat(execution.lastCheckpoint(String.class)).isEmpty();
        }

        @Test
        void itIsRefusedOnceAnotherReplicaHasTakenOver() {
            itCannotSaveAfter(
                    () -> replica.store.openEpochs(Set.of(OnePartition.NUMBER)), Cancellation.LOST, "took it over");
            assertThat(replica.takenOver).containsExactly(OnePartition.NUMBER);
        }

        @Test
        void itIsRefusedOnceTheKbIsDeleted() {
            itCannotSaveAfter(() -> replica.store.remove(Set.of(KB)), Cancellation.GONE, "no longer enrolled");
            assertThat(replica.takenOver).isEmpty();
        }

        @Test
        void itIsRefusedOnceTheKbIsEnrolledAgain() {
            itCannotSaveAfter(
                    () -> {
                        replica.store.remove(Set.of(KB));
                        replica.store.enroll(List.of(KB), 0);
                    },
                    Cancellation.GONE,
                    "no longer enrolled");
            assertThat(replica.stored(KB)).isEqualTo(replica.at(KB, 0));
        }

        @Test
        void itIsRefusedIfTheStoreNamesTheStaleScopeOnly() {
            replica.store.refusesPerScope = true;
            itCannotSaveAfter(
                    () -> replica.store.openEpochs(Set.of(OnePartition.NUMBER)), Cancellation.LOST, "took it over");
            assertThat(replica.takenOver).containsExactly(OnePartition.NUMBER);
        }

        @Test
        void itIsRefusedOnceAnotherReplicaHasMovedTheKb() {
            itCannotSaveAfter(
                    () -> writeToStore(held, replica.advanced(KB, 0, 1)),
                    Cancellation.LOST,
                    "another replica has moved the KB's version");
            assertThat(replica.takenOver).isEmpty();
        }

        @Test
        void itIsWrittenUnderTheEpochOfThePartition() {
            replica.part = (context, kbId) -> context.saveCheckpoint(7);
            replica.run(execution);
            assertThat(replica.store.batches).containsExactly(List.of(replica.checkpointed(KB, 0, 1, "7")));
            assertThat(replica.store.epochs)
                    .containsExactly(List.of(held.scope().epoch()));
            assertThat(execution.outcome()).isInstanceOf(Done.class);
        }
    }

    @Nested
    class ReadingACheckpoint {

        private final HeldPartition held = replica.held();

        private KbExecution afterCheckpointAt(long version) {
            writeToStore(held, replica.checkpointed(KB, 0, version, "7"));
            return replica.begin(held, Objects.requireNonNull(replica.stored(KB)), 1);
        }

        @Test
        void theNextAttemptReadsTheCheckpoint() {
            assertThat(afterCheckpointAt(1).lastCheckpoint(Integer.class)).hasValue(7);
        }

        @Test
        void theCheckpointOfAnotherVersionIsNotRead() {
            assertThat(afterCheckpointAt(2).lastCheckpoint(Integer.class)).isEmpty();
            assertThat(replica.store.finds).as("the store is not asked").isZero();
        }

        @Test
        void withoutARecordThereIsNone() {
            assertThat(replica.begin(held, KB).lastCheckpoint(Integer.class)).isEmpty();
            assertThat(replica.store.finds).as("the store is not asked").isZero();
        }

        @Test
        void afterAFailureWithoutACheckpointThereIsNone() {
            writeToStore(held, replica.failed(KB, 0, Duration.ZERO));
            assertThat(replica.begin(held, KB).lastCheckpoint(Integer.class)).isEmpty();
            assertThat(replica.store.finds).as("the store is not asked").isZero();
        }

        @Test
        void oneThatIsNoLongerThereIsNone() {
            KbExecution execution = afterCheckpointAt(1);
            replica.store.remove(Set.of(KB));
            assertThat(execution.lastCheckpoint(Integer.class)).isEmpty();
            replica.store.enroll(List.of(KB), 0);
            assertThat(execution.lastCheckpoint(Integer.class)).isEmpty();
            writeToStore(held, replica.checkpointed(KB, 0, 1, "9"));
            assertThat(execution.lastCheckpoint(Integer.class))
                    .as("the checkpoint of another enrolment")
                    .isEmpty();
            writeToStore(held, replica.checkpointed(KB, 0, 2, "8"));
            assertThat(execution.lastCheckpoint(Integer.class)).isEmpty();
        }
    }
}
