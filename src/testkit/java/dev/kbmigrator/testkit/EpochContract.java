package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Epoch;
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
interface EpochContract extends StoreFixture {

    @Test
    default void epochsRiseInEveryScope() {
        Set<Integer> scopes =
                IntStream.rangeClosed(0, Epoch.COORDINATOR).boxed().collect(Collectors.toSet());
        Map<Integer, Epoch> before = store().openEpochs(scopes);
        assertThat(before.keySet()).isEqualTo(scopes);
        for (int round = 0; round < 3; round++) {
            Map<Integer, Epoch> opened = (round == 1 ? other() : store()).openEpochs(scopes);
            assertThat(opened.keySet()).isEqualTo(scopes);
            for (int scope : scopes) {
                Epoch epoch = StoreDriver.entry(opened, scope);
                assertThat(epoch.scope()).isEqualTo(scope);
                assertThat(epoch.number())
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
                    store().write(List.of(epochs.get(Partitions.of(kbId))), List.of(new KbWrite.Advanced(kbId, 0, 1)));
            assertThat(result.refused()).isEqualTo(Partitions.of(kbId) == Partitions.of(fenced));
        }
    }

    @Test
    default void aStaleEpochRefusesTheWholeBatchAndIsNamed() {
        List<String> kbIds = StoreDriver.ids("kb-", 30);
        kbs().enroll(0, kbIds);
        List<Epoch> epochs = new ArrayList<>(kbs().open(kbIds));
        Set<Integer> stale =
                Set.of(epochs.get(1).scope(), epochs.get(epochs.size() - 1).scope());
        other().openEpochs(stale);
        List<KbWrite> writes = kbIds.stream()
                .map(kbId -> (KbWrite) new KbWrite.Advanced(kbId, 0, 1))
                .toList();
        WriteResult result = store().write(epochs, writes);
        assertThat(result.refused()).isTrue();
        assertThat(result.staleScopes()).isEqualTo(stale);
        assertThat(result.exceptions()).isEmpty();
        assertThat(store().find(kbIds).values()).hasSize(30).allSatisfy(kb -> {
            assertThat(kb.version()).isZero();
            assertThat(kb.record()).isNull();
        });
    }

    @Test
    default void aStaleEpochRefusesEveryKindOfWrite() {
        kbs().enroll(0, "kb");
        List<Epoch> old = List.copyOf(kbs().open("kb"));
        kbs().open("kb");
        for (KbWrite write : List.of(
                new KbWrite.Advanced("kb", 0, 1),
                new KbWrite.Failed("kb", 0, 1, 1, "boom", Duration.ZERO),
                new KbWrite.Failed("kb", 0, 1, 1, "boom", null),
                new KbWrite.Checkpointed("kb", 0, 1, "1"))) {
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
        WriteResult result = store().write(old, List.of(new KbWrite.Advanced("kb", 0, 1)));
        assertThat(result.staleScopes()).containsExactly(Partitions.of("kb"));
    }

    @Test
    default void anEpochThatWasNeverOpenedIsStale() {
        kbs().enroll(0, "kb");
        int partition = Partitions.of("kb");
        Epoch current = kbs().epoch(partition);
        Epoch invented = new Epoch(partition, current.number() + 1);
        WriteResult result = store().write(List.of(invented), List.of(new KbWrite.Advanced("kb", 0, 1)));
        assertThat(result.refused()).isTrue();
        assertThat(kbs().version("kb")).isZero();
    }

    @Test
    default void anEpochStaysCurrentUntilTheNextIsOpened() {
        kbs().enroll(0, "kb");
        List<Epoch> epoch = List.copyOf(kbs().open("kb"));
        for (int version = 0; version < 5; version++) {
            assertThat(store().write(epoch, List.of(new KbWrite.Advanced("kb", version, version + 1))))
                    .isEqualTo(WriteResult.ALL_DONE);
        }
        assertThat(kbs().version("kb")).isEqualTo(5);
    }

    @Test
    default void anEpochOpenedByOneHandleCountsForTheOther() {
        kbs().enroll(0, "kb");
        List<Epoch> epoch = List.copyOf(kbs().open("kb"));
        assertThat(other().write(epoch, List.of(new KbWrite.Advanced("kb", 0, 1))))
                .isEqualTo(WriteResult.ALL_DONE);
        other().openEpochs(Set.of(Partitions.of("kb")));
        assertThat(store().write(epoch, List.of(new KbWrite.Advanced("kb", 1, 2)))
                        .refused())
                .isTrue();
    }
}
