package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Epochs, and how they fence off older writes. */
@Checks(Rule.FENCE)
interface EpochContract extends StoreFixture {

    @Test
    default void epochsRiseInEveryScope() {
        Set<Integer> scopes =
                IntStream.rangeClosed(0, Epoch.COORDINATOR).boxed().collect(Collectors.toSet());
        Map<Integer, Epoch> before = store().openEpochs(scopes);
        assertThat(before.keySet()).as("the scopes that were opened").isEqualTo(scopes);
        for (int round = 0; round < 3; round++) {
            Map<Integer, Epoch> opened = (round == 1 ? other() : store()).openEpochs(scopes);
            assertThat(opened.keySet()).as("the scopes that were opened").isEqualTo(scopes);
            for (int scope : scopes) {
                Epoch epoch = StoreDriver.entry(opened, scope);
                assertThat(epoch.scope())
                        .as("the scope of the epoch that was opened for it")
                        .isEqualTo(scope);
                assertThat(epoch.number())
                        .as("the newest epoch of scope %s, compared with the one before", scope)
                        .isGreaterThan(StoreDriver.entry(before, scope).number());
            }
            before = opened;
        }
    }

    @Test
    default void openingOneScopeLeavesTheOthersCurrent() {
        List<String> kbIds = StoreDriver.ids("kb-", 40);
        kbs().enroll(0, kbIds);
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        String fenced = kbIds.get(0);
        store().openEpochs(Set.of(Partitions.of(fenced), Epoch.COORDINATOR));
        for (String kbId : kbIds) {
            WriteResult result =
                    store().write(List.of(epochs.get(Partitions.of(kbId))), List.of(kbs().advanced(kbId, 0, 1)));
            assertThat(result.staleScopes().isEmpty())
                    .as("whether KB %s was written; only partition %s has a newer epoch", kbId, Partitions.of(fenced))
                    .isEqualTo(Partitions.of(kbId) != Partitions.of(fenced));
        }
    }

    @Test
    default void noKbOfAStaleScopeIsWrittenAndTheResultSaysWhatBecameOfTheOthers() {
        List<String> kbIds = StoreDriver.ids("kb-", 30);
        for (boolean mixed : List.of(false, true)) {
            store().remove(kbIds);
            kbs().enroll(0, kbIds);
            List<Epoch> epochs = new ArrayList<>(kbs().open(kbIds));
            Set<Integer> stale =
                    Set.of(epochs.get(1).scope(), epochs.get(epochs.size() - 1).scope());
            other().openEpochs(stale);
            List<KbWrite> writes = new ArrayList<>();
            for (String kbId : kbIds) {
                boolean advances = !mixed || writes.size() % 2 == 0;
                writes.add(advances ? kbs().advanced(kbId, 0, 1) : kbs().checkpointed(kbId, 0, 1, "1"));
            }
            assertWritten(store().write(epochs, writes), stale, kbIds);
        }
    }

    /** Either none was written, which the result says, or all but those of the stale scopes. */
    private void assertWritten(WriteResult result, Set<Integer> stale, List<String> kbIds) {
        assertThat(result.staleScopes())
                .as("the scopes without a current epoch")
                .isEqualTo(stale);
        assertThat(result.exceptions()).as("%s", result).isEmpty();
        for (KbState kb : store().find(kbIds).values()) {
            boolean isStale = stale.contains(Partitions.of(kb.kbId()));
            boolean isWritten = kb.version() > 0 || kb.record() != null;
            assertThat(isWritten)
                    .as(
                            "whether KB %s was written; its scope is %s, and the result is %s",
                            kb.kbId(), isStale ? "stale" : "current", result)
                    .isEqualTo(!isStale && !result.refused());
        }
    }

    @Test
    default void aKbWhosePartitionHasNoEpochInTheBatchIsNotWritten() {
        List<String> kbIds = StoreDriver.ids("kb-", 12);
        String uncovered = kbIds.get(5);
        Set<Integer> without = Set.of(Partitions.of(uncovered));
        kbs().enroll(0, kbIds);
        List<Epoch> epochs = new ArrayList<>(kbs().open(kbIds));
        epochs.removeIf(epoch -> without.contains(epoch.scope()));
        List<KbWrite> writes = new ArrayList<>();
        kbIds.forEach(kbId -> writes.add(kbs().advanced(kbId, 0, 1)));
        assertWritten(store().write(epochs, writes), without, kbIds);
        for (KbWrite write : List.of(
                kbs().advanced(uncovered, 0, 1),
                kbs().failed(uncovered, 0, 1, 1, "boom", null),
                kbs().checkpointed(uncovered, 0, 1, "1"))) {
            assertWritten(store().write(List.of(), List.of(write)), without, List.of(uncovered));
            assertWritten(
                    store().write(List.of(kbs().epoch(Epoch.COORDINATOR)), List.of(write)),
                    without,
                    List.of(uncovered));
        }
    }

    @Test
    default void aStaleEpochRefusesEveryKindOfWrite() {
        kbs().enroll(0, "kb");
        List<Epoch> old = List.copyOf(kbs().open("kb"));
        kbs().open("kb");
        for (KbWrite write : List.of(
                kbs().advanced("kb", 0, 1),
                kbs().failed("kb", 0, 1, 1, "boom", Duration.ZERO),
                kbs().failed("kb", 0, 1, 1, "boom", null),
                kbs().checkpointed("kb", 0, 1, "1"))) {
            WriteResult result = store().write(old, List.of(write));
            assertThat(result.staleScopes()).as("%s", write).containsExactly(Partitions.of("kb"));
            assertThat(kbs().version("kb")).as("%s", write).isZero();
            assertThat(kbs().recordOf("kb")).as("%s", write).isNull();
        }
    }

    @Test
    default void aStaleEpochIsReportedEvenWhenTheKbIsGone() {
        List<Epoch> old = List.copyOf(kbs().open("kb"));
        kbs().open("kb");
        WriteResult result = store().write(old, List.of(kbs().advanced("kb", 0, 1)));
        assertThat(result.staleScopes())
                .as("the stale scopes of a write to a KB that is not enrolled")
                .containsExactly(Partitions.of("kb"));
    }

    @Test
    default void anEpochThatWasNeverOpenedIsStale() {
        kbs().enroll(0, "kb");
        int partition = Partitions.of("kb");
        Epoch current = kbs().epoch(partition);
        Epoch invented = new Epoch(partition, current.number() + 1);
        WriteResult result = store().write(List.of(invented), List.of(kbs().advanced("kb", 0, 1)));
        assertThat(result.staleScopes())
                .as("the stale scopes of a write under an epoch that was never opened")
                .containsExactly(partition);
        assertThat(kbs().version("kb"))
                .as("the version after a write under an epoch that was never opened")
                .isZero();
    }

    @Test
    default void anEpochStaysCurrentUntilTheNextIsOpened() {
        kbs().enroll(0, "kb");
        List<Epoch> epoch = List.copyOf(kbs().open("kb"));
        for (int version = 0; version < 5; version++) {
            assertThat(store().write(epoch, List.of(kbs().advanced("kb", version, version + 1))))
                    .as("the result of write %s under the same epoch, which is still the newest", version)
                    .isEqualTo(WriteResult.ALL_DONE);
        }
        assertThat(kbs().version("kb"))
                .as("the version after five writes under one epoch")
                .isEqualTo(5);
    }

    @Test
    default void anEpochOpenedByOneHandleCountsForTheOther() {
        kbs().enroll(0, "kb");
        List<Epoch> epoch = List.copyOf(kbs().open("kb"));
        assertThat(other().write(epoch, List.of(kbs().advanced("kb", 0, 1))))
                .as("the result of the second handle's write under an epoch that the first one opened")
                .isEqualTo(WriteResult.ALL_DONE);
        other().openEpochs(Set.of(Partitions.of("kb")));
        assertThat(store().write(epoch, List.of(kbs().advanced("kb", 1, 2))).staleScopes())
                .as("the stale scopes of a write after the second handle opened the next epoch")
                .containsExactly(Partitions.of("kb"));
    }
}
