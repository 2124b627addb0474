package dev.kbmigrator.testkit.selfcheck;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.AlwaysGrants;
import dev.kbmigrator.testkit.Faults;
import dev.kbmigrator.testkit.FaultyLock;
import dev.kbmigrator.testkit.LockContract;
import dev.kbmigrator.testkit.ManualTicker;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The contract of the lock catches the mistakes that it is there for. */
class BrokenLocksTest {

    /** The contract, of the lock that is set; one run at a time. Surefire leaves nested classes out. */
    static class Subject extends LockContract {

        private static volatile Function<LongSupplier, Lock> maker;

        private final ManualTicker ticker = new ManualTicker();

        @Override
        protected Lock newLock() {
            return requireNonNull(maker).apply(ticker);
        }

        @Override
        protected Optional<Lock> interposed(Lock lock, Runnable beforeEachRequest) {
            return lock instanceof BrokenRequests.Client client
                    ? Optional.of(client.interposed(beforeEachRequest))
                    : Optional.empty();
        }

        /** The locks in memory have one clock, whichever host asks. */
        @Override
        protected Optional<Lock> withSkewedClock(Lock lock, Duration skew) {
            return Optional.of(lock instanceof BrokenRequests.Client client ? client.skewed(skew) : lock);
        }

        @Override
        protected void passTime(Duration time) {
            ticker.advance(time);
        }

        @Override
        protected long nanoTime() {
            return ticker.getAsLong() * 1_000;
        }
    }

    /** A broken lock, and the test that is there to catch it. */
    private record Broken(String caughtBy, Function<LongSupplier, Lock> maker) {}

    private static Stream<Broken> broken() {
        return Stream.of(
                new Broken("aNameHasAtMostOneLiveLease", clock -> new AlwaysGrants()),
                new Broken("aNameHasAtMostOneLiveLease", BrokenLocks.GrantsTwice::new),
                new Broken("aLateReleaseDoesNotFreeTheNewOwnersName", BrokenLocks.ReleasesWhateverIsThere::new),
                new Broken("aLeaseThatWasTakenIsLost", BrokenLocks.RenewsWhateverIsThere::new),
                new Broken("aLeaseThatWasTakenIsLost", BrokenLocks.RenewsWhateverIsLive::new),
                new Broken("aRenewalExtendsTheLease", BrokenLocks.RenewsByAnotherClock::new),
                new Broken("aLeaseThatExpiredUntakenIsHeldOrLostButNotBoth", BrokenLocks.ChangesItsMind::new),
                new Broken("aLostLeaseStaysLostWhenTheNameIsFreeAgain", BrokenLocks.RenewingUpserts::new),
                new Broken("aRenewalExtendsTheLease", BrokenLocks.RenewingDoesNotExtend::new),
                new Broken("anExpiredNameIsAcquiredAtOnce", BrokenLocks.NeverExpires::new),
                new Broken("anExpiredNameIsAcquiredAtOnce", BrokenLocks.ExpiresLate::new),
                new Broken("noLeaseExpiresBeforeItsTtl", BrokenLocks.ExpiresEarly::new),
                new Broken("aLateRenewalExtendsNothing", BrokenLocks.KnowsOnlyOneOwner::new),
                new Broken("aLockIsNotReEntrant", BrokenLocks.IsReEntrant::new),
                new Broken("aLeaseIsBoundToNoThread", BrokenLocks.IsBoundToAThread::new),
                new Broken("aRefusedAttemptLeavesTheLeaseAsItIs", BrokenLocks.ARefusalExtends::new),
                new Broken("aReleaseMayBeRepeatedAndFreesOnlyItsOwn", BrokenLocks.ReleasesOnlyOnce::new),
                new Broken("aNameOf100CharactersFits", BrokenLocks.CutsNames::new),
                new Broken("ofManyContendersForAnExpiredNameExactlyOneWins", BrokenLocks.TakesOverUnseen::new),
                new Broken("namesThatAreHeldAreMissing", BrokenLocks.AcquiresAllOrNothing::new),
                new Broken("ofManyRenewalsEachIsAnsweredForItself", BrokenLocks.RenewsAllAlike::new),
                broken(
                        "aClientThatDiesWhileItAcquiresLeavesNoLeaseForever",
                        BrokenRequests.SetsTheExpiryAfterwards::new),
                broken(
                        "aClientThatDiesWhileItRenewsLeavesTheLeaseAsItWasOrRenewed",
                        BrokenRequests.RenewsByReplacing::new),
                broken("anAcquisitionThatIsOvertakenIsRefused", BrokenRequests.AcquiresInTwoRequests::new),
                broken("aRenewalThatIsOvertakenTakesNothingFromTheNewOwner", BrokenRequests.RenewsInTwoRequests::new),
                broken("aReleaseThatIsOvertakenFreesOnlyItsOwn", BrokenRequests.ReleasesInTwoRequests::new),
                broken("aCallThatDoesNotReachTheServiceThrows", BrokenRequests.LostForAnIoError::new),
                broken("aCallThatDoesNotReachTheServiceThrows", BrokenRequests.HeldForAnIoError::new),
                broken("aCallThatDoesNotReachTheServiceThrows", BrokenRequests.RefusedForAnIoError::new),
                broken("aCallThatDoesNotReachTheServiceThrows", BrokenRequests.AllLostForAnIoError::new),
                broken("aLeaseOfAHostWhoseClockIsBehindLivesForItsTtl", BrokenRequests.SetsTheExpiryByTheHost::new),
                broken("aLeaseOfAHostWhoseClockIsAheadExpiresAfterItsTtl", BrokenRequests.SetsTheExpiryByTheHost::new),
                broken("aHostWhoseClockIsAheadTakesNoLiveLease", BrokenRequests.ReadsTheExpiryByTheHost::new),
                broken("noLeaseExpiresBeforeItsTtl", BrokenRequests.RoundsTheTtlDown::new),
                broken("aReleasedLeaseIsLost", BrokenRequests.RenewsAfterItsRelease::new),
                broken("aNameHasAtMostOneLiveLease", BrokenRequests.ThrowsForContention::new),
                broken("hundredsOfNamesAreAcquiredRenewedAndReleasedTogether", BrokenRequests.AcquiresOneBatch::new),
                broken("hundredsOfNamesAreAcquiredRenewedAndReleasedTogether", BrokenRequests.RenewsOneBatch::new),
                broken("hundredsOfNamesAreAcquiredRenewedAndReleasedTogether", BrokenRequests.ReleasesOneBatch::new));
    }

    private static Broken broken(String caughtBy, Function<BrokenRequests.Service, BrokenRequests.Client> client) {
        return new Broken(caughtBy, BrokenRequests.of(client));
    }

    @TestFactory
    Stream<DynamicTest> everyBrokenLockIsCaught() {
        return broken().map(each -> {
            String name = each.maker().apply(new ManualTicker()).getClass().getSimpleName();
            return DynamicTest.dynamicTest(name + " by " + each.caughtBy(), () -> {
                Subject.maker = each.maker();
                assertThat(ContractRun.of(Subject.class, each.caughtBy()).failed())
                        .containsOnlyKeys(each.caughtBy())
                        .allSatisfy((test, message) -> assertThat(message).contains(" rule "));
            });
        });
    }

    @Test
    void theReferenceImplementationIsNotCaught() {
        ContractRun run = run(MemoryLock::create);
        assertThat(run.failed()).isEmpty();
        assertThat(run.succeeded()).hasSizeGreaterThan(30);
    }

    @Test
    void whatTheBrokenOnesAreMadeOfIsNotCaught() {
        assertThat(run(BrokenLocks.Table::new).failed()).isEmpty();
        ContractRun run = run(BrokenRequests.Client::new);
        assertThat(run.failed()).isEmpty();
        assertThat(run.aborted()).isEmpty();
    }

    @Test
    void aFaultyLockWithoutFaultsIsNotCaught() {
        assertThat(run(clock -> new FaultyLock(MemoryLock.create(clock), new Faults()))
                        .failed())
                .isEmpty();
    }

    private static ContractRun run(Function<LongSupplier, Lock> maker) {
        Subject.maker = maker;
        return ContractRun.of(Subject.class);
    }
}
