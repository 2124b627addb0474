package dev.kbmigrator.testkit.selfcheck;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.testkit.Faults;
import dev.kbmigrator.testkit.FaultyStateStore;
import dev.kbmigrator.testkit.ManualTicker;
import dev.kbmigrator.testkit.StateStoreContract;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The contract of the state store catches the mistakes that it is there for. */
class BrokenStoresTest {

    /** The contract, of the store that is set; one run at a time. Surefire leaves nested classes out. */
    static class Subject extends StateStoreContract {

        private static volatile Function<LongSupplier, StateStore> maker;

        private final ManualTicker ticker = new ManualTicker();
        private @Nullable StateStore running;

        @Override
        protected StateStore newStore() {
            running = requireNonNull(maker).apply(ticker);
            return running;
        }

        @Override
        protected StateStore sharedWith(StateStore store) {
            return store instanceof BrokenReads.Followed followed ? followed.follower() : store;
        }

        @Override
        protected Optional<StateStore> restart(StateStore store) {
            if (running instanceof Journaled journaled) {
                running = journaled.restarted(
                        clock -> (Journaled) requireNonNull(maker).apply(clock));
                return Optional.of(running);
            }
            return Optional.empty();
        }

        /** The stores in memory have one clock, whichever host asks. */
        @Override
        protected Optional<StateStore> withSkewedClock(StateStore store, Duration skew) {
            return Optional.of(store instanceof BrokenReads.AsksTheHost asking ? asking.skewed(skew) : store);
        }

        @Override
        protected void passTime(Duration time) {
            ticker.advance(time);
        }
    }

    /** A broken store, and the test that is there to catch it. */
    private record Broken(String caughtBy, Function<LongSupplier, StateStore> maker) {}

    private static final String STALE_SCOPES = "noKbOfAStaleScopeIsWrittenAndTheResultSaysWhatBecameOfTheOthers";
    private static final String AGAIN = "noWriteReachesAKbThatWasEnrolledAgain";

    private static final String FAILS = "aKbThatFailsWhileTheFloorRisesIsInEveryLook";
    private static final String BEHIND = "aKbThatAdvancesBehindTheFloorIsInEveryLook";

    private static Stream<Broken> broken() {
        return Stream.of(
                new Broken(STALE_SCOPES, BrokenWrites.WritesUnderAnyEpoch::new),
                new Broken(STALE_SCOPES, BrokenWrites.WritesHalfABatch::new),
                new Broken(STALE_SCOPES, BrokenWrites.WritesTheKbsOfStaleScopes::new),
                new Broken(STALE_SCOPES, BrokenWrites.RefusesAllButNamesOnlyStaleScopes::new),
                new Broken("aKbWhosePartitionHasNoEpochInTheBatchIsNotWritten", BrokenWrites.WritesWithoutAnEpoch::new),
                new Broken(AGAIN, BrokenIncarnations.AdvancesAnyIncarnation::new),
                new Broken(AGAIN, BrokenIncarnations.FailsAnyIncarnation::new),
                new Broken(AGAIN, BrokenIncarnations.ChecksNoIncarnationOfACheckpoint::new),
                new Broken(AGAIN, BrokenIncarnations.AnswersStaleForAnotherIncarnation::new),
                new Broken("noEnrolmentOfAKbHasTheNumberOfAnEarlierOne", BrokenIncarnations.NumbersByTheId::new),
                new Broken("aKbKeepsItsNumberWhateverIsWritten", BrokenIncarnations.AnotherNumberWithEachVersion::new),
                new Broken("versionsAreIntegersOf64Bits", BrokenWrites.ComparesVersionsAsDoubles::new),
                new Broken("versionsAreIntegersOf64Bits", BrokenStores.KeepsVersionsAsDoubles::new),
                new Broken("aRevisionIsNeverUsedTwiceForTheSameName", BrokenStores.RevisionsStartAgain::new),
                new Broken("aStaleEpochRefusesEveryKindOfWrite", BrokenWrites.CheckpointsUnderAnyEpoch::new),
                new Broken("onceEpochsAreOpenedNoOlderWriteTakesEffect", BrokenWrites.ChecksEpochsTooEarly::new),
                new Broken("aStaleFenceRefusesTheChange", BrokenWrites.ChangesDocumentsUnderAnyEpoch::new),
                new Broken("aStaleEpochRaisesNothing", BrokenWrites.RaisesUnderAnyEpoch::new),
                new Broken("epochsRiseInEveryScope", BrokenWrites.OpensTheSameEpochTwice::new),
                new Broken("nothingIsEverUpserted", BrokenWrites.Upserts::new),
                new Broken(
                        "aWriteFromAnotherVersionAnswersTheStoredOneAndChangesNothing",
                        BrokenWrites.AdvancesFromAnyVersion::new),
                new Broken(
                        "aWriteFromAnotherVersionAnswersTheStoredOneAndChangesNothing",
                        BrokenWrites.AnswersTheWritersVersion::new),
                new Broken("whatIsOnRecordGoesWhenTheVersionMoves", BrokenWrites.KeepsCheckpointsOfOldVersions::new),
                new Broken("aCheckpointStaysOverAFailureOfTheSameVersion", BrokenWrites.FailuresDropCheckpoints::new),
                new Broken("aFailureIsOnRecordWithWhenTheNextAttemptIsDue", BrokenWrites.RetriesAtOnce::new),
                new Broken("everyKbIsListedAtEveryPageSize", BrokenStores.SkipsAKbAtPageEdges::new),
                new Broken("advancingWhatWasListedLosesNoKb", BrokenStores.PagesByOffset::new),
                new Broken("aPageTellsVersionAndAttemptButNoCheckpointText", BrokenStores.PagesWithCheckpoints::new),
                new Broken("enrollingNeitherLowersNorRaises", BrokenStores.EnrollingLowers::new),
                new Broken("aKbEnrolledBehindTheFloorIsDueAtOnce", BrokenStores.EnrollsBehindTheFloorUnseen::new),
                new Broken("enrolmentsAndRaisesThatOverlapLoseNoKb", BrokenStores.EnrollsByAnOldFloor::new),
                new Broken(
                        "aKbThatAdvancesButStaysBehindTheFloorIsDueAtOnce",
                        BrokenStores.AdvancesBehindTheFloorUnseen::new),
                new Broken("aKbBelowHoldsTheFloorOfItsPartitionOnly", BrokenStores.RaisesFloorsUnseen::new),
                new Broken(
                        "awkwardIdsStayDistinct",
                        clock -> new BrokenStores.Collates(clock, kbId -> kbId.toLowerCase(Locale.ROOT))),
                new Broken("awkwardIdsStayDistinct", clock -> new BrokenStores.Collates(clock, String::stripTrailing)),
                new Broken("aKbThatIsEnrolledAgainStartsAnew", BrokenStores.RemovingLeavesAttempts::new),
                new Broken("namesAndPrefixesHoldNoWildcards", BrokenStores.TakesPrefixesForPatterns::new),
                new Broken("anObserverIsNotListedAndWritesNothing", BrokenStores.AnnouncesObservers::new),
                new Broken("aReportStaysUntilItIsReplaced", BrokenStores.ForgetsReports::new),
                new Broken("aReportStaysUntilItIsReplaced", BrokenStores.KeepsReportsOfTheForgotten::new),
                new Broken("aListOfDocumentsCanBeReadInParts", BrokenStores.ListsTooManyDocuments::new),
                new Broken("aListOfDocumentsCanBeReadInParts", BrokenStores.RepeatsADocument::new),
                new Broken("ofConcurrentChangesOfADocumentExactlyOneWins", BrokenStores.ComparesThenSets::new),
                new Broken("onlyAnnouncedDocumentsAreShown", BrokenStores.ShowsAllDocuments::new),
                new Broken(
                        "aReplicaKeepsWhenItWasFirstSeenAndRenewsTheRest",
                        BrokenStores.ForgetsWhenAReplicaWasFirstSeen::new),
                new Broken("aThoroughLookFindsTheLowestKbOfEachPartition", BrokenStores.NeverLooksThoroughly::new),
                new Broken(FAILS, BrokenReads.LooksAtRecordsFirst::new),
                new Broken(FAILS, BrokenReads.LooksAtRecordsFirstUnlessThoroughly::new),
                new Broken("aKbThatRecoversIsInEveryLook", BrokenReads.LooksThoroughlyInParts::new),
                new Broken(BEHIND, BrokenReads.AdvancesBehindTheFloorInTwoSteps::new),
                new Broken("whatADocumentSaysIsInEveryLookThatShowsTheDocument", BrokenReads.LooksAtDocumentsLast::new),
                new Broken("aFailureIsRecordedByTheOneClock", BrokenReads.DatesFailuresByTheHost::new),
                new Broken("allHostsSeeTheSameKbsAsDue", BrokenReads.ListsByTheHost::new),
                new Broken("allHostsSeeTheSameKbsAsDue", BrokenReads.LooksByTheHost::new),
                new Broken("replicasAreSeenByTheOneClock", BrokenReads.LooksByTheHost::new),
                new Broken("everyReadOfAKbSeesTheLastWrite", BrokenReads.FindsInAFollower::new),
                new Broken("everyReadOfAKbSeesTheLastWrite", BrokenReads.ListsFromAFollower::new),
                new Broken("everyReadOfAKbSeesTheLastWrite", BrokenReads.LooksAtAFollower::new),
                new Broken("whatOneReadHasShownNoLaterReadTakesBack", BrokenReads.FindsInAFollower::new),
                new Broken(
                        "everyReadOfADocumentOrAReplicaSeesTheLastWrite", BrokenReads.ReadsDocumentsFromAFollower::new),
                new Broken(
                        "everyReadOfADocumentOrAReplicaSeesTheLastWrite", BrokenReads.ReadsReportsFromAFollower::new),
                new Broken("acknowledgedChangesOfKbsSurviveARestart", BrokenReads.AcknowledgesBeforeItKeeps::new),
                new Broken("acknowledgedDocumentsSurviveARestart", BrokenReads.AcknowledgesBeforeItKeeps::new),
                new Broken(
                        "acknowledgedFloorsAndIncarnationsSurviveARestart", BrokenReads.AcknowledgesBeforeItKeeps::new),
                new Broken("noEpochIsIssuedTwiceAcrossARestart", BrokenReads.AcknowledgesBeforeItKeeps::new),
                new Broken("noEpochIsIssuedTwiceAcrossARestart", BrokenReads.KeepsEpochsInMemory::new),
                new Broken("acknowledgedFloorsAndIncarnationsSurviveARestart", BrokenReads.CountsFromItsRows::new),
                new Broken("acknowledgedDocumentsSurviveARestart", BrokenReads.CountsFromItsRows::new),
                new Broken("moreKbsThanABatchAreEnrolledInOneCall", BrokenLists.EnrollsOneBatch::new),
                new Broken("moreKbsThanABatchAreEnrolledInOneCall", BrokenLists.ReportsTheLastBatch::new),
                new Broken("moreKbsThanABatchAreFoundInOneCall", BrokenLists.FindsOneBatch::new),
                new Broken("moreKbsThanABatchAreRemovedInOneCall", BrokenLists.RemovesOneBatch::new),
                new Broken("aPageMayBeLargerThanABatch", BrokenLists.ListsOneBatch::new),
                new Broken("allEpochsAreOpenedInOneCall", BrokenLists.OpensOneBatch::new),
                new Broken("allFloorsAreRaisedInOneCall", BrokenLists.RaisesOneBatch::new),
                new Broken("moreDocumentsThanABatchAreListedInOneCall", BrokenLists.ListsOneBatchOfDocuments::new));
    }

    @TestFactory
    Stream<DynamicTest> everyBrokenStoreIsCaught() {
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
        ContractRun run = run(MemoryStateStore::new);
        assertThat(run.failed()).isEmpty();
        assertThat(run.succeeded()).hasSizeGreaterThan(100);
        assertThat(run.aborted())
                .as("the store in memory survives no restart, and says which tests are skipped for that")
                .hasSize(4)
                .allSatisfy((test, why) -> assertThat(why).contains("rule 0", "override restart()"));
    }

    @Test
    void aStoreThatSurvivesRestartsIsNotCaught() {
        ContractRun run = run(Journaled::new);
        assertThat(run.failed()).isEmpty();
        assertThat(run.aborted()).isEmpty();
    }

    @Test
    void aStoreWithSmallBatchesIsNotCaught() {
        assertThat(run(BrokenLists.SmallBatches::new).failed()).isEmpty();
    }

    /** The contract leaves it to the store whether a stale scope refuses the others. */
    @Test
    void aStoreThatRefusesPerScopeIsNotCaught() {
        assertThat(run(RefusesPerScope::new).failed()).isEmpty();
    }

    @Test
    void aFaultyStoreWithoutFaultsIsNotCaught() {
        assertThat(run(clock -> new FaultyStateStore(new MemoryStateStore(clock), new Faults()))
                        .failed())
                .isEmpty();
    }

    private static ContractRun run(Function<LongSupplier, StateStore> maker) {
        Subject.maker = maker;
        return ContractRun.of(Subject.class);
    }
}
