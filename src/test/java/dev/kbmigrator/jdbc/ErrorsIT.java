package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the databases' own errors mean: which calls are tried again, and which need the tables first. */
@Timeout(60)
class ErrorsIT {

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aTableThatIsNotThereIsMissing(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            SQLException error = errorOf(dataSource, "SELECT a FROM absent");
            assertMeans(dataSource, error, true, false, false);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aTableThatIsThereAlreadyHasCollided(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            SQLException error = errorOf(dataSource, "CREATE TABLE t (a INT)", "CREATE TABLE t (a INT)");
            // SQLite has one code for every error in a statement, and its IF NOT EXISTS does not collide
            boolean sqlite = database == TestDatabase.SQLITE;
            assertMeans(dataSource, error, sqlite, !sqlite, false);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aRowThatAnotherHoldsIsTriedAgain(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource(config -> config.setConnectionInitSql(
                        switch (database) {
                            case POSTGRESQL -> "SET lock_timeout = 100";
                            case MARIADB -> "SET SESSION innodb_lock_wait_timeout = 1";
                            case H2 -> "SET LOCK_TIMEOUT 100";
                            case SQLITE -> "PRAGMA busy_timeout = 100";
                        }));
                Connection holder = dataSource.getConnection()) {
            Sql.execute(dataSource, "CREATE TABLE t (a INT PRIMARY KEY)", "INSERT INTO t VALUES (1)");
            holder.setAutoCommit(false);
            Sql.execute(holder, "UPDATE t SET a = 2");
            SQLException error = CompletableFuture.supplyAsync(() -> errorOf(dataSource, "UPDATE t SET a = 3"))
                    .get(30, TimeUnit.SECONDS);
            holder.rollback();
            assertMeans(dataSource, error, false, false, true);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void anythingElseIsFinal(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            SQLException error =
                    errorOf(dataSource, "CREATE TABLE t (a INT NOT NULL)", "INSERT INTO t (a) VALUES (NULL)");
            assertMeans(dataSource, error, false, false, false);
        }
    }

    private static SQLException errorOf(HikariDataSource dataSource, String... statements) {
        try {
            Sql.execute(dataSource, statements);
        } catch (SQLException e) {
            return e;
        }
        throw new AssertionError(String.join("; ", statements) + " did not fail");
    }

    private static void assertMeans(
            HikariDataSource dataSource, SQLException error, boolean missing, boolean collision, boolean retryable) {
        try (Connection connection = dataSource.getConnection()) {
            Dialect dialect = DialectDetector.detect(connection);
            SoftAssertions.assertSoftly(softly -> {
                softly.assertThat(dialect.isMissingTable(error)).as("missing").isEqualTo(missing);
                softly.assertThat(dialect.isCollision(error)).as("collision").isEqualTo(collision);
                softly.assertThat(dialect.isRetryable(error)).as("retryable").isEqualTo(retryable);
            });
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
