package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The library's own tables: creates them, brings older ones up to date, and refuses newer ones, which this build cannot use.
 *
 * <p>Which version the tables have is a document in them, so that each look sees it. Every step can be repeated, and may be
 * taken by many replicas at once: what one finds done already, it leaves alone; the document is written last.
 */
final class Tables {

    /** The tables, without the prefix. */
    static final List<String> NAMES = List.of("kb", "attempt", "floor", "epoch", "document", "replica", "lock");

    /** The version of the tables that this build makes and needs. */
    static final int VERSION = 1;

    /** The document that holds the version. */
    static final String DOCUMENT = Document.ANNOUNCED + "tables";

    private static final int ATTEMPTS = 10;

    private Tables() {}

    /** The statements that make the tables, in order. */
    static List<String> ddl(Dialect dialect, JdbcSettings settings) {
        List<String> statements = new ArrayList<>();
        List<String> tables = dialect.tables();
        tables.subList(1, tables.size())
                .forEach(template -> statements.add(settings.sql(template).strip()));
        for (int partition = 0; partition < Partitions.COUNT; partition += 64) {
            statements.add(settings.sql(dialect.insertIgnoring("{floor} (kb_partition, version)", floors(partition))));
        }
        for (int scope = 0; scope <= Epoch.COORDINATOR; scope += 64) {
            statements.add(settings.sql(dialect.insertIgnoring("{epoch} (scope, number)", epochs(scope))));
        }
        // The KBs' table comes after the floors' rows: whoever finds it there finds a floor for each KB
        statements.add(settings.sql(tables.get(0)).strip());
        statements.add(settings.sql(dialect.insertIgnoring(
                "{document} (name, revision, json)", "('" + DOCUMENT + "', 1, '" + text(VERSION) + "')")));
        return statements;
    }

    private static String floors(int first) {
        return rows(first, Math.min(first + 64, Partitions.COUNT));
    }

    private static String epochs(int first) {
        return rows(first, Math.min(first + 64, Epoch.COORDINATOR + 1));
    }

    private static String rows(int from, int to) {
        List<String> rows = new ArrayList<>();
        for (int i = from; i < to; i++) {
            rows.add("(" + i + ", 0)");
        }
        return String.join(", ", rows);
    }

    /** Makes what is missing. */
    static void install(Connection connection, Dialect dialect, JdbcSettings settings) throws SQLException {
        for (String statement : ddl(dialect, settings)) {
            execute(connection, dialect, statement);
        }
        // From an older layout to this one, whose statements have just added what it lacked
        for (int older = 0; older < VERSION; older++) {
            execute(
                    connection,
                    dialect,
                    settings.sql("UPDATE {document} SET revision = revision + 1, json = '" + text(VERSION)
                            + "' WHERE name = '" + DOCUMENT + "' AND json = '" + text(older) + "'"));
        }
    }

    private static String text(int version) {
        return "{\"version\":" + version + "}";
    }

    /** Two replicas that create the same table at once can fail each other, whatever IF NOT EXISTS says: tries again. */
    private static void execute(Connection connection, Dialect dialect, String sql) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(sql);
                return;
            } catch (SQLException e) {
                if (attempt == ATTEMPTS || !(dialect.isCollision(e) || dialect.isRetryable(e))) {
                    throw e;
                }
                Database.pause(attempt);
            }
        }
    }

    /** Whether the tables are there, all of them. */
    static boolean exist(Connection connection, JdbcSettings settings, Dialect dialect) throws SQLException {
        for (String name : NAMES) {
            if (!dialect.isInCatalogue(connection, settings, name)) {
                return false;
            }
        }
        return isDocumented(connection, settings);
    }

    /** Whether the document says so, which is written when all tables are as this build needs them. */
    private static boolean isDocumented(Connection connection, JdbcSettings settings) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement(settings.sql("SELECT json FROM {document} WHERE name = ?"));
                ResultSet rows = query(statement)) {
            return rows.next() && version(rows.getString(1)) >= VERSION;
        }
    }

    private static ResultSet query(PreparedStatement statement) throws SQLException {
        statement.setString(1, DOCUMENT);
        return statement.executeQuery();
    }

    /** Has older tables brought up to date, and refuses those that a newer build has changed. */
    static void check(String json) throws SQLException {
        int version = version(json);
        if (version < VERSION) {
            throw new Database.TablesMissing();
        }
        if (version > VERSION) {
            throw new StateStoreException("the library's tables were made for version " + version
                    + " of their layout, and this build knows version " + VERSION
                    + " only: update the library in this service, or give it another table prefix");
        }
    }

    private static int version(String json) {
        return Integer.parseInt(json.replaceAll("\\D+", ""));
    }
}
