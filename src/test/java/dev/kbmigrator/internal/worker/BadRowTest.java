package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.RejectedRowException;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that the store does not accept, and outages that must not be taken for such. */
class BadRowTest implements CompletionWriter.Callbacks {

    private static final List<String> KBS = WorkerFixture.KBS;
    private static final String BAD = KBS.get(3);

    private final WorkerFixture replica =
            new WorkerFixture(1, LongStream.rangeClosed(1, 20).toArray());
    private final ScriptedStore store = replica.store;
    private final CompletionWriter writer = new CompletionWriter(
            store, replica.environment, replica.config.timings().backoff(), replica.queue, this);
    private final List<String> told = new ArrayList<>();
    private HeldPartition held = enrolled(6);

    private HeldPartition enrolled(int kbs) {
        replica.enroll(kbs);
        return replica.held();
    }

    @Override
    public void advanced(KbExecution execution, long version) {
        told.add(execution.kb() + " is at " + version);
        held.settled(execution.kb());
    }

    @Override
    public void failed(KbExecution execution, Throwable error, Duration retryAfter) {
        told.add(execution.kb() + " failed");
    }

    @Override
    public void takenOver(HeldPartition partition) {
        replica.takenOver(partition);
    }

    private void finish(String... kbs) {
        replica.part = (context, kbId) -> {};
        end(kbs);
    }

    private void fail(String text, String... kbs) {
        replica.part = (context, kbId) -> {
            throw new IllegalStateException(text);
        };
        end(kbs);
    }

    private void end(String... kbs) {
        for (String kb : kbs) {
            KbExecution execution = replica.begin(held, kb);
            replica.run(execution);
            writer.add(execution);
        }
    }

    private void finishAll() {
        finish(KBS.toArray(String[]::new));
    }

    /** Tries to write all; returns whether the store took it without an error. */
    private boolean write() {
        try {
            writer.writeIfDue(true, false);
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }

    private void writeTimes(int times) {
        for (int i = 0; i < times; i++) {
            write();
        }
    }

    private static StateStoreException error(Kind kind) {
        return new StateStoreException(kind, "simulated " + kind, null);
    }

    private void refuse(Kind kind, Predicate<KbWrite> which) {
        store.refuses = writes -> writes.stream().anyMatch(which) ? error(kind) : null;
    }

    private static boolean isBadAdvance(KbWrite write) {
        return write instanceof KbWrite.Advanced && write.kbId().equals(BAD);
    }

    private static boolean hasEuro(KbWrite write) {
        return write instanceof KbWrite.Failed failed && failed.error().contains("€");
    }

    private KbRecord record(String kb) {
        return Objects.requireNonNull(Objects.requireNonNull(store.stored(kb)).record());
    }

    private void othersAreDone() {
        for (String kb : KBS) {
            assertThat(Objects.requireNonNull(store.stored(kb)).version())
                    .as(kb)
                    .isEqualTo(kb.equals(BAD) ? 0 : 1);
        }
    }

    @Test
    void theRowThatIsRejectedIsFoundAndTheOthersAreWritten() {
        refuse(Kind.DATA, BadRowTest::isBadAdvance);
        finishAll();
        writeTimes(3);
        othersAreDone();
        assertThat(record(BAD).failures()).as("it is no failed attempt").isZero();
        assertThat(record(BAD).error())
                .startsWith("the state store does not accept that this version is recorded")
                .endsWith("the migration returned normally: simulated DATA");
        assertThat(record(BAD).dueMicros()).as("it backs off").isPositive();
        assertThat(told).hasSize(5).noneMatch(what -> what.contains("failed"));
        assertThat(held.isQuiet()).isTrue();
        assertThat(store.refused).as("it was halved, not tried one by one").isLessThanOrEqualTo(8);
    }

    @Test
    void severalBadRowsAreFound() {
        Set<String> bad = Set.of(KBS.get(0), KBS.get(4), KBS.get(5));
        refuse(Kind.DATA, write -> write instanceof KbWrite.Advanced && bad.contains(write.kbId()));
        finishAll();
        writeTimes(3);
        for (String kb : KBS) {
            assertThat(Objects.requireNonNull(store.stored(kb)).version()).isEqualTo(bad.contains(kb) ? 0 : 1);
            assertThat(Objects.requireNonNull(store.stored(kb)).record() != null)
                    .isEqualTo(bad.contains(kb));
        }
    }

    @Test
    void aRowThatTheStoreNamesIsLeftOutAtOnce() {
        store.refuses = writes -> writes.stream().anyMatch(BadRowTest::isBadAdvance)
                ? new RejectedRowException(Set.of(BAD), "too long", null)
                : null;
        finishAll();
        assertThat(write()).isTrue();
        othersAreDone();
        assertThat(record(BAD).error()).endsWith("too long");
        assertThat(store.refused).as("with others, and alone").isEqualTo(2);
    }

    @Test
    void aStoreThatNamesEveryRowMeansNone() {
        store.refuses = writes -> new RejectedRowException(KBS, "read-only", null);
        finishAll();
        writeTimes(20);
        store.refuses = writes -> null;
        writeTimes(2);
        assertThat(told).hasSize(6);
        assertThat(KBS)
                .allSatisfy(kb -> assertThat(
                                Objects.requireNonNull(store.stored(kb)).record())
                        .isNull());
    }

    @Test
    void anUnknownErrorIsFirstTakenForAnOutage() {
        refuse(Kind.UNKNOWN, BadRowTest::isBadAdvance);
        finishAll();
        assertThat(write()).isFalse();
        assertThat(write()).isFalse();
        assertThat(told).as("not split yet").isEmpty();
        writeTimes(10);
        othersAreDone();
        assertThat(record(BAD).failures()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"OUTAGE", "CONFLICT"})
    void afterAnOutageTheWholeBatchIsWrittenAgain(Kind kind) {
        refuse(kind, write -> true);
        finishAll();
        writeTimes(50);
        store.refuses = writes -> null;
        assertThat(write()).isTrue();
        assertThat(store.batches)
                .singleElement()
                .satisfies(batch -> assertThat(batch).hasSize(6));
        assertThat(told).hasSize(6);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void anOutageBlamesNoRowWhateverTheStoreCallsIt(Kind kind) {
        refuse(kind, write -> true);
        finishAll();
        writeTimes(50);
        store.refuses = writes -> null;
        writeTimes(10);
        assertThat(told).hasSize(6).noneMatch(what -> what.contains("failed"));
        assertThat(KBS)
                .allSatisfy(kb -> assertThat(
                                Objects.requireNonNull(store.stored(kb)).record())
                        .isNull());
        assertThat(replica.queue.unrecorded().texts()).isEmpty();
    }

    @Test
    void afterATimeoutHalfAsManyAreWritten() {
        store.refuses = writes -> writes.size() > 2 ? error(Kind.TIMEOUT) : null;
        finishAll();
        assertThat(write()).isFalse();
        assertThat(write()).isFalse().as("three are too many, too");
        assertThat(write()).isTrue();
        assertThat(store.batches).allSatisfy(batch -> assertThat(batch).hasSizeLessThanOrEqualTo(2));
        assertThat(told).hasSize(6);
    }

    @Test
    void theSizeGrowsAgainAfterManyWritesInTime() {
        store.refuses = writes -> writes.size() > 3 ? error(Kind.TIMEOUT) : null;
        finishAll();
        write();
        write();
        store.refuses = writes -> null;
        for (int i = 0; i < 16; i++) {
            finish(KBS.get(0));
            write();
        }
        store.batches.clear();
        finishAll();
        write();
        assertThat(store.batches.get(0)).hasSize(6);
    }

    @Test
    void aRowAloneIsNotBadAsLongAsNoOtherWriteSucceeds() {
        refuse(Kind.DATA, BadRowTest::isBadAdvance);
        finish(BAD);
        writeTimes(50);
        assertThat(writer.size()).isEqualTo(1);
        assertThat(Objects.requireNonNull(store.stored(BAD)).record()).isNull();
        finish(KBS.get(0));
        writeTimes(3);
        assertThat(record(BAD).error()).contains("does not accept");
    }

    @Test
    void whereNothingElseIsToBeWrittenAWriteWithoutEffectDecides() {
        refuse(Kind.DATA, BadRowTest::isBadAdvance);
        finish(KBS.get(0));
        write();
        finish(BAD);
        writeTimes(3);
        assertThat(record(BAD).error()).contains("does not accept");
        assertThat(Objects.requireNonNull(store.stored(KBS.get(0))).version()).isEqualTo(1);
    }

    @Test
    void aFailureWhoseTextIsNotAcceptedIsRecordedInAscii() {
        refuse(Kind.DATA, BadRowTest::hasEuro);
        fail("price is 5 €", BAD);
        fail("refused", KBS.get(0));
        finish(KBS.get(1));
        assertThat(write()).isTrue();
        assertThat(record(BAD).failures()).isEqualTo(1);
        assertThat(record(BAD).error()).contains("price is 5 \\u20ac");
        assertThat(record(KBS.get(0)).error()).contains("refused");
        assertThat(told).contains(BAD + " failed", KBS.get(0) + " failed", KBS.get(1) + " is at 1");
    }

    @Test
    void aSingleFailureIsRecordedInAsciiToo() {
        refuse(Kind.DATA, BadRowTest::hasEuro);
        fail("price is 5 €", BAD);
        assertThat(write()).isTrue();
        assertThat(record(BAD).error()).contains("price is 5 \\u20ac");
    }

    @Test
    void whereNotEvenThatIsAcceptedThisReplicaRemembersIt() {
        refuse(
                Kind.DATA,
                write -> write instanceof KbWrite.Failed && write.kbId().equals(BAD));
        fail("refused", BAD, KBS.get(0));
        finish(KBS.get(1));
        writeTimes(3);
        assertThat(record(KBS.get(0)).failures()).isEqualTo(1);
        assertThat(Objects.requireNonNull(store.stored(BAD)).record()).isNull();
        assertThat(replica.queue.unrecorded().texts())
                .singleElement()
                .asString()
                .startsWith("KB " + BAD + " failed at version 1, and the state store does not accept a record of that");
        assertThat(replica.queue.unrecorded().isHeld(BAD)).as("it backs off").isTrue();
        replica.environment.pass(Duration.ofHours(1));
        assertThat(replica.queue.unrecorded().isHeld(BAD)).isFalse();
        assertThat(held.isQuiet()).isTrue();
    }

    @Test
    void whatIsAcceptedLaterIsForgotten() {
        whereNotEvenThatIsAcceptedThisReplicaRemembersIt();
        store.refuses = writes -> null;
        held = WorkerFixture.held(replica.scan(Set.of(OnePartition.NUMBER)), OnePartition.NUMBER);
        finish(BAD);
        writeTimes(3);
        assertThat(replica.queue.unrecorded().texts()).isEmpty();
        assertThat(Objects.requireNonNull(store.stored(BAD)).version()).isEqualTo(1);
    }

    @Test
    void aKbWhoseRowWasRejectedBeforeIsWrittenAlone() {
        refuse(Kind.DATA, BadRowTest::isBadAdvance);
        finishAll();
        writeTimes(3);
        store.refused = 0;
        store.batches.clear();
        replica.environment.pass(Duration.ofSeconds(2));
        replica.part = (context, kbId) -> {};
        KbExecution again = replica.begin(held, Objects.requireNonNull(store.stored(BAD)), 1);
        replica.run(again);
        writer.add(again);
        writeTimes(5);
        assertThat(store.refused).isLessThanOrEqualTo(3);
        assertThat(record(BAD).failures()).isZero();
    }

    @Test
    void aBadAdvanceDoesNotHoldUpFailures() {
        refuse(Kind.DATA, BadRowTest::isBadAdvance);
        finish(BAD);
        fail("refused", KBS.get(0));
        assertThatThrownBy(() -> writer.writeIfDue(true, false))
                .hasMessage("nothing can be recorded of 1 KBs, such as " + BAD + ": simulated DATA");
        assertThat(record(KBS.get(0)).failures()).isEqualTo(1);
    }
}
