package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The library's own tables: creates them, and refuses those of another layout, which this build cannot use.
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
                "{document} (name, revision, json)", "('" + DOCUMENT + "', 1, '{\"version\":" + VERSION + "}')")));
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

    /** Whether the tables are there. */
    static boolean exist(Connection connection, JdbcSettings settings, Dialect dialect) throws SQLException {
        try (PreparedStatement statement =
                        connection.prepareStatement(settings.sql("SELECT revision FROM {document} WHERE name = ?"));
                ResultSet rows = query(statement)) {
            return rows.next();
        } catch (SQLException e) {
            if (dialect.isMissingTable(e)) {
                return false;
            }
            throw e;
        }
    }

    private static ResultSet query(PreparedStatement statement) throws SQLException {
        statement.setString(1, DOCUMENT);
        return statement.executeQuery();
    }

    /** The same, without a statement that could fail. */
    static boolean areInCatalogue(Connection connection, JdbcSettings settings) throws SQLException {
        DatabaseMetaData catalogue = connection.getMetaData();
        String schema = settings.schema() == null ? connection.getSchema() : stored(catalogue, settings.schema());
        String table = stored(catalogue, settings.tablePrefix() + "kb");
        try (ResultSet tables = catalogue.getTables(
                connection.getCatalog(), schema, table.replace("_", catalogue.getSearchStringEscape() + "_"), null)) {
            return tables.next();
        }
    }

    /** A name as the catalogue spells it. */
    private static String stored(DatabaseMetaData catalogue, String name) throws SQLException {
        if (catalogue.storesUpperCaseIdentifiers()) {
            return name.toUpperCase(Locale.ROOT);
        }
        return catalogue.storesLowerCaseIdentifiers() ? name.toLowerCase(Locale.ROOT) : name;
    }

    /** Refuses tables that a newer build has changed in a way that this one cannot read. */
    static void check(String json) {
        String digits = json.replaceAll("\\D+", "");
        if (!digits.equals(Integer.toString(VERSION))) {
            throw new StateStoreException("the library's tables were made for version " + digits
                    + " of their layout, and this build knows version " + VERSION
                    + " only: update the library in this service, or give it another table prefix");
        }
    }
}
