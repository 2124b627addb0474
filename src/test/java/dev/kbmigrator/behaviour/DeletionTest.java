package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.support.MemoryFleet;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A KB that the host has deleted does not come back, whoever still names it. */
@Timeout(20)
class DeletionTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(3);

    /** KBs that are deleted right after the host was asked about them for the first time. */
    private final Set<String> deletedNext = ConcurrentHashMap.newKeySet();

    private class Host implements KnowledgeBoxes {

        private final List<String> listed;

        Host(String... listedThoughDeleted) {
            listed = List.of(listedThoughDeleted);
        }

        @Override
        public Stream<String> ids() {
            return Stream.concat(fleet.kbs.stream(), listed.stream());
        }

        @Override
        public Collection<String> existing(Collection<String> kbIds) {
            return kbIds.stream()
                    .filter(kbId -> fleet.kbs.contains(kbId) || deletedNext.remove(kbId))
                    .toList();
        }
    }

    @Test
    void oneThatIsDeletedWhileTheListIsReadIsNotEnrolled() {
        fleet.migrator(builder -> builder.knowledgeBoxes(new Host("deleted")), fleet.recording(1))
                .run();
        assertThat(fleet.version("deleted")).isEqualTo(-1);
        assertThat(fleet.ran).containsExactlyInAnyOrder("1/kb-0", "1/kb-1", "1/kb-2");
    }

    /** The library recognises by the same list that all exist. */
    @Test
    void aHostMayRemoveIdsFromTheListThatItIsAskedAbout() {
        Set<String> deleted = ConcurrentHashMap.newKeySet();
        Host host = new Host() {
            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                kbIds.removeIf(deleted::contains);
                return kbIds;
            }
        };
        fleet.migrator(builder -> builder.knowledgeBoxes(host), fleet.recording(1))
                .run();
        deleted.add("kb-1");
        fleet.ran.clear();
        fleet.migrator(builder -> builder.knowledgeBoxes(host), fleet.recording(1), fleet.recording(2))
                .start();
        MemoryFleet.await().until(() -> fleet.version("kb-0") == 2 && fleet.version("kb-2") == 2);
        assertThat(fleet.ran).containsExactlyInAnyOrder("2/kb-0", "2/kb-2");
        assertThat(fleet.version("kb-1")).isEqualTo(1);
    }

    @Test
    void theHostIsAskedAbout1024AtOnceAtMost() {
        IntStream.range(0, 3_000).forEach(i -> fleet.kbs.add("more-" + i));
        Set<String> asked = ConcurrentHashMap.newKeySet();
        AtomicInteger most = new AtomicInteger();
        Host host = new Host() {
            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                most.accumulateAndGet(kbIds.size(), Math::max);
                asked.addAll(kbIds);
                return kbIds.stream().filter(kbId -> !kbId.equals("more-2999")).toList();
            }
        };
        fleet.migrator(builder -> builder.knowledgeBoxes(host), fleet.recording(1))
                .run();
        assertThat(most).hasValue(1_024);
        assertThat(asked).hasSize(3_003);
        assertThat(fleet.ran).hasSize(3_002);
        assertThat(fleet.version("more-2999")).isEqualTo(-1);
    }

    @Test
    void aRequestEnrolsNoneThatTheHostHasDeleted() {
        Migrator migrator = fleet.migrator(builder -> builder.knowledgeBoxes(new Host()), fleet.recording(1));
        migrator.run();
        fleet.storeCalls.calls.clear();
        assertThatThrownBy(() -> migrator.migrateKb("deleted"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("deleted")
                .hasMessageContaining("does not exist");
        assertThat(fleet.version("deleted")).isEqualTo(-1);
        assertThat(fleet.storeCalls.calls).doesNotContain("enroll");
    }

    @Test
    void oneThatIsDeletedWhileARequestEnrolsItGoesAgain() {
        Migrator migrator = fleet.migrator(builder -> builder.knowledgeBoxes(new Host()), fleet.recording(1));
        migrator.run();
        fleet.storeCalls.calls.clear();
        deletedNext.add("deleted");
        assertThatThrownBy(() -> migrator.migrateKb("deleted"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("does not exist");
        assertThat(fleet.storeCalls.calls).contains("enroll");
        assertThat(fleet.version("deleted")).isEqualTo(-1);
        assertThat(fleet.ran).doesNotContain("1/deleted");
    }
}
