package dev.kbmigrator.example.archive;

import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStorage;
import dev.kbmigrator.spi.Storage;
import java.time.Duration;
import javax.sql.DataSource;

/**
 * The archive as a host: what it tells the library.
 *
 * @param migrator the migrator, which does nothing yet
 * @param storage where the migrator keeps its state
 * @param database the archive's own tables
 * @param inventory the archive's list of KBs
 */
record ArchiveHost(Migrator migrator, Storage storage, ArchiveDatabase database, Inventory inventory)
        implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /** Short, so that one can watch a killed replica's KBs go on elsewhere; a service would stay with the default. */
    private static final Duration LEASE_TTL = Duration.ofSeconds(3);

    static ArchiveHost open(String replica, ArchiveSettings settings, DataSource dataSource) {
        Inventory inventory = new Inventory(settings.repository());
        ArchiveDatabase database = new ArchiveDatabase(dataSource);
        Storage storage = JdbcStorage.create(JdbcSettings.of(dataSource).withTransactionTimeout(Duration.ofSeconds(2)));
        Migrator migrator = Migrator.builder()
                .migrations(Migrations.inPackage("dev.kbmigrator.example.archive.migrations"))
                .storage(storage)
                .knowledgeBoxes(inventory)
                .service(ArchiveDatabase.class, database)
                .service(ArchiveFiles.class, new ArchiveFiles(inventory))
                .service(Journal.class, new Journal(database, replica))
                .node(replica)
                .leaseTtl(LEASE_TTL)
                .lookInterval(Duration.ofMillis(250), Duration.ofSeconds(2))
                .listingInterval(Duration.ofSeconds(1))
                .build();
        return new ArchiveHost(migrator, storage, database, inventory);
    }

    @Override
    public void close() {
        migrator.close(CLOSE_TIMEOUT);
    }
}
