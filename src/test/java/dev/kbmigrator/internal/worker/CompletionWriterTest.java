package dev.kbmigrator.internal.worker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of executions that have finished, without a worker around it. */
class CompletionWriterTest implements CompletionWriter.Callbacks {

    private static final List<String> KBS = WorkerFixture.KBS;
    private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    private final WorkerFixture replica = new WorkerFixture();
    private final ScriptedStore store = replica.store;
    private final CompletionWriter writer = new CompletionWriter(
            store, replica.environment, replica.config.timings().backoff(), replica.queue, this);
    private final HeldPartition held = enrolled();
    private final List<String> told = new ArrayList<>();

    private HeldPartition enrolled() {
        replica.enroll(6);
        return replica.held();
    }

    @Override
    public void advanced(KbExecution execution, long version) {
        told.add(execution.kb() + " is at " + version);
    }

    @Override
    public void failed(KbExecution execution, Throwable error, Duration retryAfter) {
        told.add(execution.kb() + " failed: " + error.getMessage() + ", again after " + retryAfter);
    }

    @Override
    public void takenOver(HeldPartition partition) {
        replica.takenOver(partition);
    }

    private void finish(KbExecution execution) {
        replica.part = (context, kbId) -> {};
        replica.run(execution);
        writer.add(execution);
    }

    /** These KBs reach version 1. */
    private void finish(int... kbs) {
        for (int kb : kbs) {
            finish(replica.begin(held, KBS.get(kb)));
        }
    }

    /** These KBs fail. */
    private void fail(int... kbs) {
        for (int kb : kbs) {
            fail(replica.begin(held, KBS.get(kb)));
        }
    }

    private void fail(KbExecution execution) {
        replica.part = (context, kbId) -> {
            throw new IllegalStateException("refused");
        };
        replica.run(execution);
        writer.add(execution);
    }

    /** Nothing runs any more, and no page is to come. */
    private void writeAll() {
        writer.writeIfDue(true, false);
    }

    private void writeWhileOthersRun() {
        writer.writeIfDue(false, false);
    }

    private void pass(Duration time) {
        replica.environment.pass(time);
    }

    private Duration dueIn() {
        return Duration.ofNanos(writer.dueIn(replica.environment.nanoTime()));
    }

    /** How many KBs each batch held. */
    private List<Integer> batches() {
        return store.batches.stream().map(List::size).toList();
    }

    @Nested
    class WhenABatchIsWritten {

        @Test
        void itWaits50MsForWhatStillRunsAndNoLonger() {
            finish(0);
            writeWhileOthersRun();
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(50));
            pass(Duration.ofMillis(49));
            writeWhileOthersRun();
            assertThat(replica.version(0)).isZero();
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(1));
            pass(Duration.ofMillis(1));
            assertThat(dueIn()).isZero();
            writeWhileOthersRun();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
        }

        @Test
        void theOldestKbCounts() {
            finish(0);
            pass(Duration.ofMillis(20));
            finish(1);
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(30));
        }

        @Test
        void oneThatIsOverdueIsDueNow() {
            finish(0);
            pass(Duration.ofMillis(60));
            assertThat(dueIn()).isZero();
        }

        @Test
        void itIsWrittenAtOnceWhenNothingRuns() {
            finish(0, 1);
            writeAll();
            assertThat(batches()).containsExactly(2);
        }

        @Test
        void itIsWrittenAtOnceWhenItIsFull() {
            store.maxBatch = 2;
            finish(0);
            writeWhileOthersRun();
            assertThat(batches()).isEmpty();
            finish(1, 2);
            writeWhileOthersRun();
            assertThat(batches()).containsExactly(2);
            pass(Duration.ofMillis(10));
            assertThat(dueIn()).as("the rest waits since then").isEqualTo(Duration.ofMillis(40));
            assertThat(writer.size()).isEqualTo(1);
        }

        @Test
        void theRestOfAFullBatchWaits50MsAgain() {
            store.maxBatch = 2;
            finish(0, 1, 2);
            pass(Duration.ofMillis(30));
            writeWhileOthersRun();
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(50));
        }

        @Test
        void noBatchIsLargerThanTheStoreTakes() {
            store.maxBatch = 2;
            finish(0, 1, 2, 3, 4);
            writeAll();
            assertThat(batches()).containsExactly(2, 2, 1);
        }

        @Test
        void itTellsHowMuchThereIsAndHowMuchMoreFillsABatch() {
            store.maxBatch = 4;
            assertThat(dueIn()).isEqualTo(FOREVER);
            finish(0, 1);
            fail(2);
            assertThat(writer.size()).isEqualTo(3);
            assertThat(writer.room()).isEqualTo(2);
            writeAll();
            assertThat(writer.size()).isZero();
            assertThat(writer.room()).isEqualTo(4);
            assertThat(dueIn()).isEqualTo(FOREVER);
        }

        @Test
        void whatIsWrittenCarriesTheEpochsOfAllItsPartitions() {
            String other = OnePartition.kbsOf(8, 1).get(0);
            store.enroll(List.of(other), 0);
            HeldPartition second = WorkerFixture.held(replica.scan(Set.of(8)), 8);
            finish(0);
            finish(replica.begin(second, other));
            finish(1);
            writeAll();
            assertThat(store.epochs)
                    .singleElement()
                    .satisfies(epochs -> assertThat(epochs)
                            .containsExactlyInAnyOrder(
                                    held.scope().epoch(), second.scope().epoch()));
        }
    }

    @Nested
    class Failures {

        @Test
        void aFailureIsRecordedWithItsDelay() {
            finish(1);
            fail(0);
            writeAll();
            assertThat(replica.version(1)).isEqualTo(1);
            assertThat(replica.version(0)).isZero();
            assertThat(replica.state(0).record()).isNotNull().satisfies(record -> {
                assertThat(record.version()).isEqualTo(1);
                assertThat(record.failures()).isEqualTo(1);
                assertThat(record.error()).contains("refused");
                assertThat(record.dueMicros()).isEqualTo(TimeUnit.HOURS.toMicros(1));
            });
            assertThat(told)
                    .containsExactly(KBS.get(1) + " is at 1", KBS.get(0) + " failed: refused, again after PT1H");
            assertThat(held.isInFlight(KBS.get(0))).isFalse();
            assertThat(held.hasProgressed()).isTrue();
        }

        @Test
        void theyGoInBatchesOfTheirOwn() {
            fail(0);
            finish(1);
            fail(2);
            finish(3);
            writeAll();
            assertThat(batches()).containsExactly(2, 2);
            assertThat(store.batches.get(0)).allMatch(KbWrite.Advanced.class::isInstance);
            assertThat(store.batches.get(1)).allMatch(KbWrite.Failed.class::isInstance);
        }

        @Test
        void theyWaitForTheLastPage() {
            fail(0);
            finish(1);
            writer.writeIfDue(true, true);
            assertThat(store.batches)
                    .singleElement()
                    .satisfies(batch -> assertThat(batch).allMatch(KbWrite.Advanced.class::isInstance));
            writeAll();
            assertThat(store.batches).hasSize(2);
        }

        @Test
        void theyWaitASecondAndNoLonger() {
            fail(0);
            assertThat(dueIn()).isEqualTo(Duration.ofSeconds(1));
            pass(Duration.ofMillis(999));
            writer.writeIfDue(true, true);
            assertThat(store.batches).isEmpty();
            pass(Duration.ofMillis(1));
            writer.writeIfDue(true, true);
            assertThat(store.batches).hasSize(1);
        }

        @Test
        void whateverIsDueFirstCounts() {
            fail(0);
            finish(1);
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(50));
            writer.writeIfDue(true, true);
            pass(Duration.ofMillis(200));
            assertThat(dueIn()).isEqualTo(Duration.ofMillis(800));
        }

        @Test
        void aFailureWhoseKbHasTheVersionCountsAsDone() {
            fail(0);
            store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KBS.get(0), 0, 1)));
            writeAll();
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
        }

        @Test
        void aTimeoutIsLogged() {
            KbExecution slow = replica.begin(held, KBS.get(0));
            KbExecution lost = replica.begin(held, KBS.get(1));
            limitTo(slow);
            assertThat(log.messages(Level.WARN)).containsExactly("too slow");
            replica.keeper.lose(held.scope(), "a test");
            limitTo(lost);
            assertThat(log.messages(Level.WARN)).as("a lost one is not").hasSize(1);
        }

        /** Its error was thrown before it was told that its time is over. */
        private void limitTo(KbExecution execution) {
            replica.part = (context, kbId) -> {
                throw new IllegalStateException("too slow");
            };
            replica.run(execution);
            execution.cancel(Cancellation.TIMEOUT);
            writer.add(execution);
        }
    }

    @Nested
    class WhatIsNotWritten {

        @Test
        void whatWasCancelledIsDropped() {
            KbExecution execution = replica.begin(held, KBS.get(0));
            execution.cancel(Cancellation.CLOSING);
            finish(execution);
            assertThat(writer.size()).isZero();
            assertThat(held.isQuiet()).isTrue();
            assertThat(told).isEmpty();
        }

        @Test
        void whatTheMigrationHasCommittedIsOnRecordAlready() {
            KbExecution execution = replica.begin(held, KBS.get(0));
            execution.committed();
            finish(execution);
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
            writeAll();
            assertThat(store.batches).isEmpty();
        }

        @Test
        void aKbThatTheHostHasDeletedIsRemoved() {
            replica.deleted.add(KBS.get(0));
            KbExecution execution = replica.begin(held, KBS.get(0));
            fail(execution);
            assertThat(writer.size()).isEqualTo(1);
            writeWhileOthersRun();
            assertThat(replica.stored(KBS.get(0))).isNull();
            assertThat(store.batches).isEmpty();
            assertThat(told).isEmpty();
            assertThat(writer.size()).isZero();
            assertThat(held.isQuiet()).isTrue();
            assertThat(held.hasProgressed()).isTrue();
        }

        @Test
        void oneThatCannotBeRemovedIsRemovedLater() {
            replica.deleted.add(KBS.get(0));
            fail(0);
            store.removingFails = true;
            assertThatThrownBy(CompletionWriterTest.this::writeAll).hasMessage("the store is down");
            assertThat(writer.size()).isEqualTo(1);
            store.removingFails = false;
            writeAll();
            assertThat(replica.stored(KBS.get(0))).isNull();
        }
    }

    @Nested
    class WhatTheStoreSays {

        @Test
        void aWriteWhoseResponseWasLostIsReadBack() {
            finish(0);
            store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KBS.get(0), 0, 1)));
            writeAll();
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
        }

        @Test
        void aKbThatIsFurtherGoesOnFromThere() {
            finish(0);
            store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KBS.get(0), 0, 2)));
            writeAll();
            assertThat(told).containsExactly(KBS.get(0) + " is at 2");
        }

        @Test
        void aKbThatIsElsewhereIsDropped() {
            KbExecution execution = replica.begin(held, replica.at(KBS.get(0), 0), 2);
            store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KBS.get(0), 0, 1)));
            finish(execution);
            writeAll();
            assertThat(told).isEmpty();
            assertThat(held.isQuiet()).isTrue();
            assertThat(writer.size()).isZero();
        }

        @Test
        void aKbThatWasRemovedMeanwhileIsDropped() {
            finish(0);
            store.remove(Set.of(KBS.get(0)));
            writeAll();
            assertThat(replica.stored(KBS.get(0))).isNull();
            assertThat(told).isEmpty();
            assertThat(held.isQuiet()).isTrue();
            assertThat(held.hasProgressed()).isFalse();
        }

        @Test
        void onlyTheOwnerOfAStaleEpochIsTold() {
            String other = OnePartition.kbsOf(8, 1).get(0);
            store.enroll(List.of(other), 0);
            HeldPartition second = WorkerFixture.held(replica.scan(Set.of(8)), 8);
            finish(0);
            finish(replica.begin(second, other));
            store.openEpochs(Set.of(OnePartition.NUMBER));
            writeAll();
            assertThat(replica.takenOver).containsExactly(OnePartition.NUMBER);
            assertThat(replica.version(0)).isZero();
            assertThat(told).as("the rest is written after that").containsExactly(other + " is at 1");
            assertThat(held.isQuiet()).isTrue();
        }

        /** A KB of another partition, and what the store has enrolled there. */
        private HeldPartition another(String other) {
            store.enroll(List.of(other), 0);
            return WorkerFixture.held(replica.scan(Set.of(8)), 8);
        }

        @Test
        void whatWasRefusedBecauseOfOthersIsWrittenAgainAtOnce() {
            String other = OnePartition.kbsOf(8, 1).get(0);
            HeldPartition second = another(other);
            store.maxBatch = 2;
            finish(0);
            finish(replica.begin(second, other));
            store.openEpochs(Set.of(OnePartition.NUMBER));
            writeWhileOthersRun();
            assertThat(batches()).as("the full batch, and what is left of it").containsExactly(2, 1);
            assertThat(told).containsExactly(other + " is at 1");
            assertThat(replica.stored(other)).isEqualTo(replica.at(other, 1));
            assertThat(second.scope().isLost()).isFalse();
            assertThat(writer.size()).isZero();
        }

        @Test
        void aStoreMayRefuseTheKbsOfAStaleScopeOnly() {
            String other = OnePartition.kbsOf(8, 1).get(0);
            HeldPartition second = another(other);
            finish(0, 1);
            finish(replica.begin(second, other));
            store.openEpochs(Set.of(OnePartition.NUMBER));
            store.refusesPerScope = true;
            writeAll();
            assertThat(batches()).as("nothing is written twice").containsExactly(3);
            assertThat(told).containsExactly(other + " is at 1");
            assertThat(replica.takenOver).contains(OnePartition.NUMBER).doesNotContain(8);
            assertThat(held.isQuiet()).isTrue();
            assertThat(held.hasProgressed()).isFalse();
            assertThat(second.scope().isLost()).isFalse();
            assertThat(writer.size()).isZero();
        }

        @Test
        void failuresOfOtherScopesAreNotLostEither() {
            String other = OnePartition.kbsOf(8, 1).get(0);
            HeldPartition second = another(other);
            fail(0);
            fail(replica.begin(second, other));
            store.openEpochs(Set.of(OnePartition.NUMBER));
            store.refusesPerScope = true;
            writeAll();
            assertThat(told).singleElement().asString().startsWith(other + " failed: refused");
            assertThat(replica.stored(other))
                    .extracting(kb -> requireNonNull(kb.record()).failures())
                    .isEqualTo(1);
            assertThat(replica.state(0).record()).isNull();
            assertThat(writer.size()).isZero();
        }

        @Test
        void aRefusalThatNamesNoScopeOfTheBatchIsAnErrorAndNothingIsLost() {
            finish(0);
            store.refusesScope = 9;
            assertThatThrownBy(CompletionWriterTest.this::writeAll)
                    .isInstanceOf(StateStoreException.class)
                    .hasMessage("the store refused a batch without naming a scope of the batch as stale: [9]");
            assertThat(writer.size()).isEqualTo(1);
            assertThat(replica.takenOver).isEmpty();
            store.refusesScope = -1;
            writeAll();
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
        }

        private void enrollAgain(int kb) {
            store.remove(Set.of(KBS.get(kb)));
            store.enroll(List.of(KBS.get(kb)), 0);
        }

        @Test
        void aKbThatWasEnrolledAgainGetsNoAdvance() {
            finish(0, 1);
            enrollAgain(0);
            writeAll();
            assertThat(replica.state(0)).isEqualTo(replica.at(KBS.get(0), 0));
            assertThat(told).containsExactly(KBS.get(1) + " is at 1");
            assertThat(held.isInFlight(KBS.get(0))).isFalse();
        }

        @Test
        void aKbThatWasEnrolledAgainGetsNoFailure() {
            fail(0);
            enrollAgain(0);
            writeAll();
            assertThat(replica.state(0)).isEqualTo(replica.at(KBS.get(0), 0));
            assertThat(told).isEmpty();
            assertThat(held.isQuiet()).isTrue();
        }

        /** The response of the first write was lost, and what is read back belongs to another KB. */
        @Test
        void aKbThatWasEnrolledAgainAtTheVersionIsNotTakenForDone() {
            finish(0);
            store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KBS.get(0), 0, 1)));
            store.remove(Set.of(KBS.get(0)));
            store.enroll(List.of(KBS.get(0)), 1);
            writeAll();
            assertThat(told).isEmpty();
            assertThat(held.isQuiet()).isTrue();
        }

        @Test
        void aKbThatTheHostHadDeletedAndHasAgainStaysEnrolled() {
            replica.deleted.add(KBS.get(0));
            fail(0);
            enrollAgain(0);
            writeAll();
            assertThat(replica.state(0)).isEqualTo(replica.at(KBS.get(0), 0));
            assertThat(held.isQuiet()).isTrue();
        }

        @Test
        void aWriteThatFailsIsMadeAgain() {
            finish(0);
            store.failing = true;
            assertThatThrownBy(CompletionWriterTest.this::writeAll).hasMessage("the store is down");
            assertThat(writer.size()).isEqualTo(1);
            store.failing = false;
            writeAll();
            assertThat(told).containsExactly(KBS.get(0) + " is at 1");
        }
    }

    @Nested
    class LostPartitions {

        /** The first batch is sent in time, and its response comes when the lease is over. */
        private void loseWhileWriting() {
            store.whileWriting = () -> replica.keeper.lose(held.scope(), "too late");
        }

        @Test
        void afterAWriteThatOutlastsTheLeaseNothingElseIsSent() {
            store.maxBatch = 2;
            finish(0, 1, 2, 3);
            loseWhileWriting();
            writeAll();
            assertThat(batches()).containsExactly(2);
            assertThat(told).as("of what was sent in time").hasSize(2);
            assertThat(writer.size()).isZero();
            assertThat(held.isInFlight(KBS.get(2))).isFalse();
            assertThat(held.isInFlight(KBS.get(3))).isFalse();
        }

        @Test
        void failuresAreNotSentEither() {
            fail(0);
            finish(1);
            fail(2);
            finish(3);
            loseWhileWriting();
            writeAll();
            assertThat(batches()).containsExactly(2);
            assertThat(store.batches.get(0)).allMatch(KbWrite.Advanced.class::isInstance);
            assertThat(writer.size()).isZero();
        }

        @Test
        void whatWasLostBeforeIsDroppedAlthoughNothingIsDue() {
            finish(0);
            replica.keeper.lose(held.scope(), "too late");
            writeWhileOthersRun();
            assertThat(writer.size()).isZero();
            assertThat(held.isQuiet()).isTrue();
            assertThat(told).isEmpty();
        }
    }

    @Nested
    class TooManyWriters {

        private void othersWrite() {
            for (int writers = 0; writers < FrozenEnvironment.STORE_CONCURRENCY; writers++) {
                assertThat(replica.queue.beginWriting()).isTrue();
            }
        }

        @Test
        void itWaitsUntilItIsWoken() {
            othersWrite();
            finish(0);
            writeAll();
            assertThat(store.batches).isEmpty();
            assertThat(dueIn()).isEqualTo(FOREVER);
            replica.queue.endWriting();
            writeAll();
            assertThat(batches()).containsExactly(1);
            finish(1);
            assertThat(dueIn()).as("it does not have to wait any more").isEqualTo(Duration.ofMillis(50));
        }

        @Test
        void aWriteMakesRoomForOthers() {
            finish(0);
            writeAll();
            othersWrite();
        }

        @Test
        void aWriteThatFailsMakesRoomToo() {
            finish(0);
            store.failing = true;
            assertThatThrownBy(CompletionWriterTest.this::writeAll).hasMessage("the store is down");
            othersWrite();
        }
    }
}
