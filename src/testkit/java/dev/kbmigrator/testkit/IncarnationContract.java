package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.Gone;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Incarnations: a KB that is removed and enrolled again is another KB, even at the same version. */
@Checks(Rule.VERSIONS)
interface IncarnationContract extends StoreFixture {

    /** What the messages of these tests call the rule. */
    String RULE = "incarnations: a write reaches only the enrolment that it was meant for: ";

    @Test
    default void noEnrolmentOfAKbHasTheNumberOfAnEarlierOne() {
        Set<Long> numbers = new HashSet<>();
        for (int round = 0; round < 20; round++) {
            StateStore mine = round % 2 == 0 ? store() : other();
            assertThat(mine.enroll(List.of("kb", "neighbour-" + round), 0))
                    .as("the KBs that were newly enrolled")
                    .contains("kb");
            long incarnation = kbs().incarnation("kb");
            assertThat(incarnation).as("the number of an enrolment").isPositive();
            assertThat(numbers.add(incarnation))
                    .as("enrolment %s of the KB has the number of an earlier one", round + 1)
                    .isTrue();
            mine.remove(List.of("kb"));
        }
    }

    @Test
    default void aKbKeepsItsNumberWhateverIsWritten() {
        kbs().enroll(0, "kb");
        KbState enrolled = kbs().state("kb");
        assertThat(other().enroll(List.of("kb"), 3))
                .as("the KBs that were newly enrolled, although the only one was enrolled before")
                .isEmpty();
        assertSameKb(enrolled, "after it was to be enrolled again");
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        assertSameKb(enrolled, "after a checkpoint");
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ZERO));
        assertSameKb(enrolled, "after a failure");
        kbs().advance("kb", 0, 1);
        assertSameKb(enrolled, "after an advance");
    }

    /** By each way to read it: alone, on a page of KBs without records, and on a page of all. */
    private void assertSameKb(KbState enrolled, String when) {
        List<KbState> seen = new ArrayList<>(other().find(List.of("kb")).values());
        seen.addAll(kbs().pass(StoreDriver.due(Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, 10)));
        seen.addAll(kbs().pass(StoreDriver.all(Partitions.all(), 10)));
        assertThat(seen)
                .as("the KB %s, by each of three ways to read it", when)
                .hasSize(3)
                .extracting(KbState::incarnation)
                .as("the number of the same enrolment %s", when)
                .containsOnly(enrolled.incarnation());
    }

    @Test
    default void noWriteReachesAKbThatWasEnrolledAgain() {
        for (long version : List.of(4L, 2L, 6L)) {
            kbs().enroll(4, "kb");
            List<KbWrite> late = List.of(
                    kbs().advanced("kb", 4, 5),
                    kbs().failed("kb", 4, 5, 1, "boom", Duration.ZERO),
                    kbs().failed("kb", 4, 5, 1, "boom", null),
                    kbs().checkpointed("kb", 4, 5, "1"));
            store().remove(List.of("kb"));
            kbs().enroll(version, "kb");
            KbState again = kbs().state("kb");
            for (KbWrite write : late) {
                assertIsGone(kbs().write(write), write, version);
                assertThat(kbs().state("kb"))
                        .as(RULE + "%s, after the KB was enrolled again at version %s", write, version)
                        .isEqualTo(again);
            }
            store().remove(List.of("kb"));
        }
    }

    /** A store may have statements of its own for KBs that have records. */
    @Test
    default void noWriteReachesAKbThatWasEnrolledAgainAndHasARecord() {
        kbs().enroll(4, "kb");
        List<KbWrite> late = List.of(
                kbs().advanced("kb", 4, 5),
                kbs().failed("kb", 4, 5, 7, "late", Duration.ZERO),
                kbs().checkpointed("kb", 4, 5, "\"late\""));
        store().remove(List.of("kb"));
        kbs().enroll(4, "kb");
        kbs().done(kbs().checkpointed("kb", 4, 5, "\"here\""));
        KbState again = kbs().state("kb");
        for (KbWrite write : late) {
            assertIsGone(kbs().write(write), write, 4);
            assertThat(kbs().state("kb")).as(RULE + "%s", write).isEqualTo(again);
        }
    }

    /** "Stale" would tell the engine that its own advance has taken effect. */
    private static void assertIsGone(WriteResult result, KbWrite write, long version) {
        assertThat(result.staleScopes()).as("%s", write).isEmpty();
        assertThat(result.exceptions())
                .as(
                        RULE + "the KB that %s was meant for is gone; another one is enrolled at version %s",
                        write,
                        version)
                .containsOnlyKeys("kb")
                .containsValue(new Gone());
    }

    @Test
    default void theOthersOfABatchAreWrittenWhenOneWasEnrolledAgain() {
        for (boolean mixed : List.of(false, true)) {
            List<String> kbIds = StoreDriver.inPartition(9, "kb-" + mixed + "-", 4);
            String again = kbIds.get(1);
            kbs().enroll(0, kbIds);
            List<KbWrite> writes = new ArrayList<>();
            kbIds.forEach(kbId -> writes.add(kbs().advanced(kbId, 0, 1)));
            if (mixed) {
                writes.set(3, kbs().checkpointed(kbIds.get(3), 0, 1, "1"));
            }
            store().remove(List.of(again));
            kbs().enroll(0, again);
            WriteResult result = kbs().write(writes.toArray(KbWrite[]::new));
            assertThat(result.staleScopes())
                    .as("the stale scopes of a batch under the newest epochs")
                    .isEmpty();
            assertThat(result.exceptions())
                    .as(RULE + "a batch for %s, of which %s was enrolled again", kbIds, again)
                    .containsOnlyKeys(again)
                    .containsValue(new Gone());
            assertThat(kbs().version(again)).as(RULE + again).isZero();
            assertThat(kbs().version(kbIds.get(0))).as("a KB beside it").isEqualTo(1);
            assertThat(kbs().version(kbIds.get(3))).as("a KB beside it").isEqualTo(mixed ? 0 : 1);
        }
    }

    @Test
    default void aKbThatIsEnrolledAgainWhileItIsWrittenGetsNothing() throws Exception {
        for (int round = 0; round < 30; round++) {
            List<String> kbIds = StoreDriver.ids("again-" + round + "-", 20);
            kbs().enroll(0, kbIds);
            Collection<Epoch> epochs = kbs().open(kbIds);
            List<KbWrite> writes = new ArrayList<>();
            for (String kbId : kbIds) {
                boolean advances = round % 2 == 0 || writes.size() % 2 == 0;
                writes.add(advances ? kbs().advanced(kbId, 0, 1) : kbs().checkpointed(kbId, 0, 1, "1"));
            }
            Together.run(2, thread -> {
                if (thread == 0) {
                    other().remove(kbIds);
                    Items.assertAll("KBs enrolled again", other().enroll(kbIds, 0), kbIds);
                } else {
                    store().write(epochs, writes);
                }
            });
            Items.assertAll("KBs enrolled again", store().find(kbIds).keySet(), kbIds);
            assertThat(store().find(kbIds).values())
                    .as(
                            RULE
                                    + "KBs that were removed and enrolled again at version 0, while the first ones were written")
                    .allMatch(kb -> kb.version() == 0 && kb.record() == null);
        }
    }
}
