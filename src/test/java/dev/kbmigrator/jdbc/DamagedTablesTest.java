package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that a partial restore or a stray script has changed. */
@Timeout(60)
class DamagedTablesTest {

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final HikariDataSource dataSource = TestDatabase.H2.newDataSource();
    private final Queue<String> ran = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void migrate() {
        try (Migrator migrator = migrator(1)) {
            migrator.run();
        }
        ran.clear();
    }

    @AfterEach
    void close() {
        dataSource.close();
    }

    private Migrator migrator(int newest) {
        Migrations migrations = newest == 1 ? Migrations.of(kb(1)) : Migrations.of(kb(1), kb(2));
        return Migrator.builder()
                .migrations(migrations)
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(() -> List.of("kb-1", "kb-2").stream())
                .build();
    }

    private KbMigration kb(long version) {
        return KbMigration.of(version, "kb", (context, kbId) -> ran.add(version + "/" + kbId));
    }

    private List<String> waitingFor() {
        try (Migrator migrator = migrator(1)) {
            return migrator.status().waitingFor();
        }
    }

    @Test
    void kbsBehindAFloorThatDeniesItAreReported() throws SQLException {
        assertThat(waitingFor()).isEmpty();
        Sql.execute(dataSource, "UPDATE kb_migrator_kb SET version = -9 WHERE kb_partition = " + Partitions.of("kb-1"));
        assertThat(waitingFor())
                .anySatisfy(reason -> assertThat(reason)
                        .contains(
                                "the tables are damaged in 1 partitions (first: " + Partitions.of("kb-1") + ")",
                                "below their partition's floor",
                                "Restore the tables from a backup"));
        assertThat(log.messages(Level.WARN)).anyMatch(line -> line.startsWith("The shared state is damaged: "));
    }

    @Test
    void aFloorAboveEveryKbIsReportedByEachLook() throws SQLException {
        Sql.execute(dataSource, "UPDATE kb_migrator_floor SET version = 999999 WHERE kb_partition = 7");
        assertThat(waitingFor()).anySatisfy(reason -> assertThat(reason).contains("(first: 7)", "above version 1"));
        try (Migrator migrator = migrator(2)) {
            migrator.run();
        }
        assertThat(log.messages(Level.WARN)).anyMatch(line -> line.startsWith("The shared state is damaged: "));
    }

    @Test
    void missingFloorsAreReportedWithTheRemedy() throws SQLException {
        Sql.execute(dataSource, "DELETE FROM kb_migrator_floor WHERE kb_partition = " + Partitions.of("kb-1"));
        try (Migrator migrator = migrator(2)) {
            assertThatThrownBy(migrator::run)
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining(
                            "1 of 256 floors are missing (first: partition " + Partitions.of("kb-1") + ")");
            List<String> remedy = JdbcStateStore.create(dataSource).ddl();
            Sql.execute(dataSource, remedy.toArray(String[]::new));
            assertThat(migrator.run().currentVersion()).isEqualTo(2);
        }
        assertThat(ran).containsExactlyInAnyOrder("2/kb-1", "2/kb-2");
    }
}
