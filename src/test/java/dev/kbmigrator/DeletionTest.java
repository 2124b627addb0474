package dev.kbmigrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A KB that the host has deleted does not come back, whoever still names it. */
@Timeout(20)
class DeletionTest {

    @RegisterExtension
    final Fleet fleet = new Fleet().withKbs(3);

    /** KBs that are deleted right after the host was asked about them for the first time. */
    private final Set<String> deletedNext = ConcurrentHashMap.newKeySet();

    private final class Host implements KnowledgeBoxes {

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
