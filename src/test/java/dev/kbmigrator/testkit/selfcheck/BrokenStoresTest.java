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
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The contract of the state store catches the mistakes that it is there for. */
class BrokenStoresTest {

    /** The contract, of the store that is set; one run at a time. Surefire leaves nested classes out. */
    static class Subject extends StateStoreContract {

        private static volatile Function<LongSupplier, StateStore> maker;

        private final ManualTicker ticker = new ManualTicker();

        @Override
        protected StateStore newStore() {
            return requireNonNull(maker).apply(ticker);
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
                new Broken("aThoroughLookFindsTheLowestKbOfEachPartition", BrokenStores.NeverLooksThoroughly::new));
    }

    @TestFactory
    Stream<DynamicTest> everyBrokenStoreIsCaught() {
        return broken().map(each -> {
            String name = each.maker().apply(new ManualTicker()).getClass().getSimpleName();
            return DynamicTest.dynamicTest(name + " by " + each.caughtBy(), () -> {
                Subject.maker = each.maker();
                assertThat(ContractRun.of(Subject.class, each.caughtBy()).failed())
                        .containsOnlyKeys(each.caughtBy());
            });
        });
    }

    @Test
    void theReferenceImplementationIsNotCaught() {
        ContractRun run = run(MemoryStateStore::new);
        assertThat(run.failed()).isEmpty();
        assertThat(run.succeeded()).hasSizeGreaterThan(100);
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
