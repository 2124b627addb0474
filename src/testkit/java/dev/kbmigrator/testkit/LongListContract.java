package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Lists that are longer than {@code maxBatch()}, which limits only a batch of writes. */
@Checks(Rule.LISTS)
interface LongListContract extends StoreFixture {

    /** Returns more KBs than fit into two batches; of a store with very large batches, some thousands. */
    private List<String> many() {
        return StoreDriver.ids("many-", 2 * Math.min(store().maxBatch(), 2_000) + 1);
    }

    /** The first KB is in the list once more at its end, so in another part of a list that is divided. */
    @Test
    default void moreKbsThanABatchAreEnrolledInOneCall() {
        List<String> kbIds = many();
        List<String> twice = new ArrayList<>(kbIds);
        twice.add(kbIds.get(0));
        Items.assertAll("newly enrolled KBs", store().enroll(twice, 2), kbIds);
        assertThat(store().count(Long.MAX_VALUE)).as("the number of KBs").isEqualTo(kbIds.size());
        assertThat(store().enroll(kbIds, 3)).as("KBs enrolled once more").isEmpty();
    }

    @Test
    default void moreKbsThanABatchAreFoundInOneCall() {
        List<String> kbIds = many();
        kbs().enroll(2, kbIds);
        List<String> twice = new ArrayList<>(kbIds);
        twice.add(kbIds.get(0));
        Items.assertAll("KBs found", store().find(twice).keySet(), kbIds);
    }

    @Test
    default void moreKbsThanABatchAreRemovedInOneCall() {
        List<String> kbIds = many();
        kbs().enroll(2, kbIds);
        kbs().enroll(2, "stays");
        store().remove(kbIds);
        Items.assertAll(
                "KBs left after a removal", kbs().listed(StoreDriver.all(Partitions.all(), 100)), List.of("stays"));
    }

    @Test
    default void aPageMayBeLargerThanABatch() {
        List<String> kbIds = many();
        kbs().enroll(2, kbIds);
        Items.assertAll(
                "KBs listed on pages of " + (kbIds.size() + 1),
                kbs().pass(StoreDriver.all(Partitions.all(), kbIds.size() + 1)).stream()
                        .map(KbState::kbId)
                        .toList(),
                kbIds);
    }

    @Test
    default void allEpochsAreOpenedInOneCall() {
        Set<Integer> scopes = new HashSet<>(Partitions.all());
        scopes.add(Epoch.COORDINATOR);
        for (int round = 0; round < 2; round++) {
            Items.assertAll("scopes opened", store().openEpochs(scopes).keySet(), scopes);
        }
    }

    @Test
    default void allFloorsAreRaisedInOneCall() {
        Set<Integer> raised =
                store().raiseFloors(store().openEpochs(Partitions.all()).values(), 3);
        Items.assertAll("partitions whose floor was reported as raised", raised, Partitions.all());
        Items.assertAll("partitions whose floor rose", kbs().raisedTo(3), Partitions.all());
    }

    @Test
    default void moreDocumentsThanABatchAreListedInOneCall() {
        List<String> names = StoreDriver.ids("many/", Math.min(store().maxBatch(), 300) + 1);
        names.forEach(name -> store().compareAndSet(name, 0, "1", null));
        Items.assertAll(
                "documents",
                store().documents("many/").stream().map(Document::name).toList(),
                names);
    }
}
