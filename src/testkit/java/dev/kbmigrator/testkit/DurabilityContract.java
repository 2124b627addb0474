package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What was acknowledged survives: the service is killed right after a call has returned, and is started again. */
@Checks(Rule.READS)
interface DurabilityContract extends StoreFixture {

    /** Each call in turn is the last one before the service is killed. */
    @Test
    default void acknowledgedChangesOfKbsSurviveARestart() throws Exception {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 12);
        Map<String, Consumer<StoreDriver>> changes = new HashMap<>();
        changes.put("an enrolment", kbs -> kbs.enroll(0, kbIds.subList(0, 10)));
        changes.put("an advance", kbs -> kbs.advance(kbIds.get(1), 0, 1));
        changes.put(
                "a failure and a checkpoint",
                kbs -> kbs.done(
                        kbs.failed(kbIds.get(2), 0, 1, 3, "boom", Duration.ofHours(1)),
                        kbs.checkpointed(kbIds.get(3), 0, 1, "1")));
        changes.put("a removal", kbs -> kbs.remove(kbIds.subList(4, 6)));
        StateStore now = store();
        for (String last : List.of("an enrolment", "an advance", "a failure and a checkpoint", "a removal")) {
            StoreDriver.entry(changes, last).accept(new StoreDriver(now));
            Map<String, KbState> before = now.find(kbIds);
            now = restartedOrSkipped();
            Map<String, KbState> after = now.find(kbIds);
            Items.assertAll("KBs after " + last + " and a restart", after.keySet(), before.keySet());
            Items.assertAll("the states of KBs after " + last + " and a restart", after.values(), before.values());
            assertThat(now.count(Long.MAX_VALUE))
                    .as("the number of KBs after %s and a restart", last)
                    .isEqualTo(before.size());
        }
    }

    @Test
    default void acknowledgedFloorsAndIncarnationsSurviveARestart() throws Exception {
        kbs().enroll(0, "kb");
        Set<Long> incarnations = new HashSet<>(Set.of(kbs().incarnation("kb")));
        store().remove(List.of("kb"));
        int partition = Partitions.of("kb");
        assertThat(kbs().raise(partition, 7))
                .as("the partitions whose floor rose")
                .containsExactly(partition);
        StateStore again = restartedOrSkipped();
        StoreDriver kbs = new StoreDriver(again);
        assertThat(kbs.floor(partition)).as("the floor after a restart").isEqualTo(7);
        for (int round = 0; round < 4; round++) {
            kbs.enroll(0, "kb");
            assertThat(incarnations.add(kbs.incarnation("kb")))
                    .as(
                            "whether enrolment %s after a restart has a number of its own; it has %s, and those before had %s",
                            round + 1, kbs.incarnation("kb"), incarnations)
                    .isTrue();
            again.remove(List.of("kb"));
        }
    }

    @Test
    default void acknowledgedDocumentsSurviveARestart() throws Exception {
        StateStore now = store();
        Set<Long> revisions = new HashSet<>();
        for (String text : List.of("1", "2", "3")) {
            long revision = now.document("plan").map(Document::revision).orElse(0L);
            assertThat(now.compareAndSet("plan", revision, text, null))
                    .as("a change from the stored revision")
                    .isTrue();
            Document written = now.document("plan").orElseThrow();
            assertThat(revisions.add(written.revision()))
                    .as("whether text %s has a revision of its own, %s", text, written.revision())
                    .isTrue();
            now = restartedOrSkipped();
            assertThat(now.document("plan"))
                    .as("the document that was written last before a restart")
                    .hasValue(written);
        }
        long last = now.document("plan").orElseThrow().revision();
        now.compareAndSet("plan", last, null, null);
        now = restartedOrSkipped();
        assertThat(now.document("plan"))
                .as("a document that was deleted before a restart")
                .isEmpty();
        now.compareAndSet("plan", 0, "4", null);
        assertThat(revisions)
                .as("the revisions before the deletion; none of them may be used again")
                .doesNotContain(now.document("plan").orElseThrow().revision());
    }

    @Test
    default void noEpochIsIssuedTwiceAcrossARestart() throws Exception {
        Set<Integer> scopes = Set.of(3, Partitions.of("kb"), Epoch.COORDINATOR);
        kbs().enroll(0, "kb");
        Epoch old = StoreDriver.entry(store().openEpochs(scopes), Partitions.of("kb"));
        Map<Integer, Epoch> newest = store().openEpochs(scopes);
        StateStore again = restartedOrSkipped();
        StoreDriver kbs = new StoreDriver(again);
        assertThat(again.write(Set.of(old), List.of(kbs.advanced("kb", 0, 1))).staleScopes())
                .as("the stale scopes of a write under an epoch that was replaced before the restart")
                .containsExactly(Partitions.of("kb"));
        assertThat(again.write(
                        Set.of(StoreDriver.entry(newest, Partitions.of("kb"))), List.of(kbs.advanced("kb", 0, 1))))
                .as("the result of a write under the epoch that was the newest before the restart")
                .isEqualTo(WriteResult.ALL_DONE);
        Map<Integer, Epoch> opened = again.openEpochs(scopes);
        for (int scope : scopes) {
            assertThat(StoreDriver.entry(opened, scope).number())
                    .as("the next epoch of scope %s after a restart, compared with the last one before it", scope)
                    .isGreaterThan(StoreDriver.entry(newest, scope).number());
        }
    }
}
