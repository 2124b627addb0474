package acme.app;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.util.List;

/** A host that is a module and requires nothing but the library. */
public final class ModuleHost {

    /** Jackson may not look into this package, because the module does not open it. */
    record Hidden(int page) {}

    private ModuleHost() {}

    public static void main(String[] args) {
        System.out.println("ran to " + run(KbMigration.of(1, "one", (context, kbId) -> {
            context.saveCheckpoint(3);
            System.out.println(kbId + " from " + context.lastCheckpoint(Integer.class).orElseThrow());
        })));
        try {
            run(KbMigration.of(1, "hidden", (context, kbId) -> context.saveCheckpoint(new Hidden(1))));
        } catch (MigrationFailedException e) {
            System.out.println("refused: " + e.report().failures().get(0).error());
        }
    }

    private static long run(KbMigration migration) {
        MigratorBuilder builder = Migrator.builder()
                .migrations(Migrations.of(migration))
                .storage(MemoryStateStore.create(), MemoryLock.create())
                .knowledgeBoxes(() -> List.of("kb-1").stream());
        try (Migrator migrator = builder.build()) {
            return migrator.run().currentVersion();
        }
    }
}
