package acme.migrations;

import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.util.List;

/** A host whose module provides its migrations. */
public final class ModuleProvider {

    private ModuleProvider() {}

    public static void main(String[] args) {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.fromServiceLoader())
                .storage(MemoryStateStore.create(), MemoryLock.create())
                .knowledgeBoxes(() -> List.of("kb-1").stream())
                .build()) {
            try {
                migrator.run();
            } catch (MigrationFailedException e) {
                System.out.println("failed once");
            }
            System.out.println("ran to " + migrator.run().currentVersion());
        }
    }
}
