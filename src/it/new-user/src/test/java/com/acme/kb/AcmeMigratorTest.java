package com.acme.kb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AcmeMigratorTest {

    @Test
    void aMigrationRunsOnceInEachKb() {
        Queue<String> migrated = new ConcurrentLinkedQueue<>();
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(
                        KbMigration.of(1, "trim_titles", (context, kbId) -> migrated.add(kbId))))
                .storage(new AcmeStateStore(), new AcmeLock())
                .knowledgeBoxes(() -> Stream.of("accounts", "research"))
                .build()) {
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(migrator.run().kbMigrations()).isZero();
        }
        assertThat(migrated).containsExactlyInAnyOrder("accounts", "research");
    }
}
