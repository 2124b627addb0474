package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows that a database rejects because of a constraint, among others that it accepts. */
@Timeout(120)
class RejectedRowIT {

    private static final List<String> KBS =
            IntStream.range(0, 500).mapToObj(i -> "kb-" + i).toList();

    private static Migrator migrator(HikariDataSource dataSource, KbMigration.Part part) {
        return Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", part)))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(KBS::stream)
                .build();
    }

    /** A database whose tables are there, with a constraint more. */
    private static HikariDataSource with(TestDatabase database, String table, String condition) throws SQLException {
        HikariDataSource dataSource = database.newDataSource();
        try (Migrator first = Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", (context, kbId) -> {})))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(List.<String>of()::stream)
                .build()) {
            first.dryRun();
        }
        Sql.execute(dataSource, "ALTER TABLE kb_migrator_" + table + " ADD CONSTRAINT picky CHECK (" + condition + ")");
        return dataSource;
    }

    private static Map<String, KbFailure> failuresOf(MigrationFailedException failed) {
        assertThat(failed).as("the run went on").isNotNull();
        return failed.report().failures().stream().collect(Collectors.toMap(KbFailure::kbId, Function.identity()));
    }

    private static KbFailure failureOf(MigrationFailedException failed, String kbId) {
        return Objects.requireNonNull(failuresOf(failed).get(kbId));
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void aVersionThatIsRejectedHoldsUpNobodyElse(TestDatabase database) throws SQLException {
        String kb7 = switch (database) {
            case POSTGRESQL -> "kb_id = 'kb-7'";
            case MARIADB -> "kb_id = 0x6b622d37";
            default -> "kb_id = X'6b622d37'";
        };
        try (HikariDataSource dataSource = with(database, "kb", "NOT (" + kb7 + " AND version > 0)");
                Migrator migrator = migrator(dataSource, (context, kbId) -> {})) {
            MigrationFailedException failed = catchThrowableOfType(MigrationFailedException.class, migrator::run);
            assertThat(failuresOf(failed)).containsOnlyKeys("kb-7");
            KbFailure failure = failureOf(failed, "kb-7");
            assertThat(failure.failures()).isZero();
            assertThat(failure.error())
                    .startsWith("the state store does not accept")
                    .containsIgnoringCase("picky");
            assertThat(Sql.number(dataSource, "SELECT COUNT(*) FROM kb_migrator_kb WHERE version = 1"))
                    .isEqualTo(KBS.size() - 1);
            assertThat(catchThrowableOfType(MigrationFailedException.class, migrator::run))
                    .as("the same again")
                    .isNotNull();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void anErrorThatIsRejectedIsRecordedInPlainCharacters(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = with(database, "attempt", "error NOT LIKE '%€%'");
                Migrator migrator = migrator(dataSource, (context, kbId) -> {
                    if (kbId.equals("kb-7") || kbId.equals("kb-8")) {
                        throw new IllegalStateException(kbId.equals("kb-7") ? "price is 5 €" : "no price");
                    }
                })) {
            MigrationFailedException failed = catchThrowableOfType(MigrationFailedException.class, migrator::run);
            assertThat(failuresOf(failed)).containsOnlyKeys("kb-7", "kb-8");
            assertThat(failureOf(failed, "kb-7").error()).contains("price is 5 \\u20ac");
            assertThat(failureOf(failed, "kb-7").failures()).isEqualTo(1);
            assertThat(failureOf(failed, "kb-8").error()).contains("no price");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void aCheckpointThatIsRejectedFailsItsKbOnly(TestDatabase database) throws SQLException {
        Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        try (HikariDataSource dataSource = with(database, "attempt", "checkpoint NOT LIKE '%€%'");
                Migrator migrator = migrator(dataSource, (context, kbId) -> {
                    try {
                        context.saveCheckpoint(kbId.equals("kb-7") ? "5 €" : "5");
                    } catch (CheckpointException e) {
                        thrown.add(e);
                        throw e;
                    }
                })) {
            MigrationFailedException failed = catchThrowableOfType(MigrationFailedException.class, migrator::run);
            assertThat(failuresOf(failed)).containsOnlyKeys("kb-7");
            assertThat(failureOf(failed, "kb-7").failures()).isEqualTo(1);
            assertThat(thrown).singleElement().asString().contains("does not accept the checkpoint of");
        }
    }
}
