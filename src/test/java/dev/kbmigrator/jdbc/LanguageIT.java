package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A host whose default locale has its own digits still shares the work with the replicas of all other hosts. */
class LanguageIT {

    private static final List<String> KBS =
            IntStream.range(0, 100).mapToObj(i -> "kb-" + i).toList();

    private final Locale before = Locale.getDefault();

    @BeforeEach
    void speakPersian() {
        Locale.setDefault(Locale.forLanguageTag("fa-IR"));
        assertThat(String.format(Locale.getDefault(), "%d", 1)).isNotEqualTo("1");
    }

    @AfterEach
    void speakAsBefore() {
        Locale.setDefault(before);
    }

    private record Global(long version, String name) implements TransactionalGlobalMigration {
        @Override
        public void migrate(MigrationContext context, Connection connection) {}
    }

    private record EachKb(long version, String name) implements TransactionalKbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId, Connection connection) {}
    }

    @ParameterizedTest
    @EnumSource
    void namesAndStatementsHaveTheDigitsOfAllOthers(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            try (Migrator migrator = Migrator.builder()
                    .migrations(Migrations.of(new Global(1, "once"), new EachKb(2, "each")))
                    .storage(JdbcStorage.create(dataSource))
                    .knowledgeBoxes(KBS::stream)
                    .build()) {
                migrator.run();
            }
            assertThat(Sql.number(dataSource, "SELECT count(*) FROM kb_migrator_kb WHERE version = 2"))
                    .isEqualTo(KBS.size());
            assertThat(names(dataSource, "kb_migrator_lock"))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(name).matches("migrations|partition-[0-9]{3}"));
            assertThat(names(dataSource, "kb_migrator_document"))
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(name).matches("[ -~]+"));
        }
    }

    private static List<String> names(DataSource dataSource, String table) throws SQLException {
        List<String> names = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT name FROM " + table)) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }
}
