package dev.kbmigrator.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The library's own tables: creates them, brings an older layout up to date, and refuses a newer one, which this build
 * cannot use.
 *
 * <p>The version of the layout is a document in the tables, so that each look reads it. Every step can be repeated, and many
 * replicas may take it at the same time: a step that finds its work done changes nothing. The document is written last.
 */
final class Tables {

    /**
     * The version of the layout that this build creates and needs. Builds of another version cannot use the tables. Version 1 is
     * that of development builds, before the first release.
     */
    static final int VERSION = 2;

    /**
     * The minor version of the layout: a build needs at least its own, brings older tables up to date, and can use those of a
     * higher one.
     */
    static final int MINOR = 1;

    /** The document that holds the version. */
    static final String DOCUMENT = Document.ANNOUNCED + "tables";

    private static final String READ_VERSION = "SELECT json FROM {document} WHERE name = ?";

    private static final String RAISE_VERSION = """
            UPDATE {document} SET revision = {revision}, json = '{new}' WHERE name = '{name}' AND json = '{old}'
            """;

    private static final long DEVELOPMENT = 1;
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int ATTEMPTS = 10;
    private static final int ROWS_AT_ONCE = 64;

    private Tables() {}

    /** The tables, or rows that are created with them, are missing or old: another replica may be about to create them. */
    static final class Incomplete extends SQLException {
        private static final long serialVersionUID = 1L;

        Incomplete() {
            super("the library's tables are not complete");
        }
    }

    /** The statements that create the tables, in order. */
    static List<String> ddl(TableLocation location) {
        Dialect dialect = location.dialect();
        List<String> statements = new ArrayList<>();
        List<String> tables = dialect.createTables();
        statements.addAll(tables.subList(1, tables.size()));
        for (int partition = 0; partition < Partitions.COUNT; partition += ROWS_AT_ONCE) {
            statements.add(withRows(dialect.insertFloors(), zeros(partition, Partitions.COUNT)));
        }
        for (int scope = 0; scope <= Epoch.COORDINATOR; scope += ROWS_AT_ONCE) {
            statements.add(withRows(dialect.insertEpochs(), zeros(scope, Epoch.COORDINATOR + 1)));
        }
        // The KBs' table comes after the floors' rows: whoever finds the table finds a floor for each KB
        statements.add(tables.get(0));
        statements.add(withRows(dialect.insertDocuments(), "('" + DOCUMENT + "', 1, '" + text(MINOR) + "')"));
        return statements.stream()
                .map(statement -> location.sql(statement).strip())
                .toList();
    }

    private static String withRows(String statement, String rows) {
        return statement.replace("{rows}", rows);
    }

    /** Rows of a number and a zero. */
    private static String zeros(int first, int end) {
        List<String> rows = new ArrayList<>();
        for (int number = first; number < Math.min(first + ROWS_AT_ONCE, end); number++) {
            rows.add("(" + number + ", 0)");
        }
        return String.join(", ", rows);
    }

    /** Creates what is missing. */
    static void install(Connection connection, TableLocation location) throws SQLException {
        Dialect dialect = location.dialect();
        for (String statement : ddl(location)) {
            execute(connection, dialect, statement);
        }
        // The statements above have just added what an older layout lacked
        for (int older = 0; older < MINOR; older++) {
            String raise = RAISE_VERSION
                    .replace("{revision}", String.valueOf(UniqueNumbers.next()))
                    .replace("{new}", text(MINOR))
                    .replace("{name}", DOCUMENT)
                    .replace("{old}", text(older));
            execute(connection, dialect, location.sql(raise));
        }
    }

    private static String text(int minor) {
        return "{\"version\":" + VERSION + ",\"minor\":" + minor + "}";
    }

    /** Retries a collision: replicas that create a table at the same time can fail each other despite IF NOT EXISTS. */
    private static void execute(Connection connection, Dialect dialect, String sql) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                Dialect.execute(connection, sql);
                return;
            } catch (SQLException e) {
                if (attempt == ATTEMPTS || !(dialect.isCollision(e) || dialect.isRetryable(e))) {
                    throw e;
                }
                RetryPause.after(attempt);
            }
        }
    }

    /** Whether the document is there, which is written once all tables are as this build needs them. */
    static boolean isDocumented(Connection connection, TableLocation location) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(location.sql(READ_VERSION))) {
            statement.setString(1, DOCUMENT);
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) {
                    return false;
                }
                check(rows.getString(1));
                return true;
            } catch (Incomplete e) {
                return false;
            }
        }
    }

    /** Reports an older minor version as incomplete, so that it is brought up to date, and refuses other layouts. */
    static void check(String json) throws SQLException {
        long version = number(json, "version");
        if (version == DEVELOPMENT) {
            throw new StateStoreException(
                    "the library's tables were created by a development build of the library (layout 1),"
                            + " which no released build can use: drop them, or use another table prefix");
        }
        if (version != VERSION) {
            throw new StateStoreException("the library's tables have layout version " + version
                    + ", but this build supports only version " + VERSION
                    + ": update the library in this service, or use another table prefix");
        }
        if (number(json, "minor") < MINOR) {
            throw new Incomplete();
        }
    }

    private static long number(String json, String field) {
        try {
            JsonNode value = MAPPER.readTree(json).path(field);
            if (value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0) {
                return value.asLong();
            }
        } catch (JsonProcessingException e) {
            // Reported below, like any other damage
        }
        throw new StateStoreException(
                "the document " + DOCUMENT + " in the library's tables must be a JSON object with the numbers"
                        + " \"version\" and \"minor\", but is " + json + ": restore it from a backup");
    }
}
