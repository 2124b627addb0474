package dev.kbmigrator.jdbc;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Where the library's tables are. Immutable: each {@code with} method returns a changed copy.
 *
 * @param dataSource the host's data source; each call borrows a connection and returns it with its settings unchanged
 * @param schema the schema that holds the tables, which must exist; null for the connection's own
 * @param tablePrefix the start of every table's name
 * @param transactionTimeout how long a transaction of the library may stay idle, and a statement in it may wait. A replica
 *     that stops in the middle of a transaction blocks the others no longer than that. At most the lease's time to live
 */
public record JdbcSettings(
        DataSource dataSource, @Nullable String schema, String tablePrefix, Duration transactionTimeout) {

    /** The tables, without the prefix. */
    static final List<String> TABLES =
            List.of("kb", "attempt", "floor", "epoch", "document", "replica", "report", "lock");

    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,39}");
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);

    /**
     * Checks the names and the timeout.
     *
     * @param dataSource the host's data source
     * @param schema the schema that holds the tables, or null
     * @param tablePrefix the start of every table's name
     * @param transactionTimeout how long a transaction of the library may stay idle
     * @throws IllegalArgumentException when a name is not 1 to 40 ASCII letters, digits and underscores, or starts with a
     *     digit, or when the timeout is not between 100 ms and one hour
     */
    public JdbcSettings {
        Objects.requireNonNull(dataSource, "dataSource");
        if (schema != null) {
            checkIdentifier("the schema", schema);
        }
        checkIdentifier("the table prefix", tablePrefix);
        if (transactionTimeout.toMillis() < 100 || transactionTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException(
                    "the transaction timeout must be between 100 ms and one hour, but is " + transactionTimeout);
        }
    }

    /**
     * The default settings: the connection's own schema, tables whose names start with {@code kb_migrator_}, and a timeout
     * of 5 seconds.
     *
     * @param dataSource the host's data source
     * @return the settings
     */
    public static JdbcSettings of(DataSource dataSource) {
        return new JdbcSettings(dataSource, null, "kb_migrator_", Duration.ofSeconds(5));
    }

    /**
     * Sets the schema.
     *
     * @param name an existing schema
     * @return the changed settings
     */
    public JdbcSettings withSchema(String name) {
        return new JdbcSettings(dataSource, name, tablePrefix, transactionTimeout);
    }

    /**
     * Sets the prefix. With different prefixes, two fleets can share a database.
     *
     * @param prefix the start of every table's name
     * @return the changed settings
     */
    public JdbcSettings withTablePrefix(String prefix) {
        return new JdbcSettings(dataSource, schema, prefix, transactionTimeout);
    }

    /**
     * Sets the timeout.
     *
     * @param timeout between 100 ms and one hour, and at most the lease's time to live
     * @return the changed settings
     */
    public JdbcSettings withTransactionTimeout(Duration timeout) {
        return new JdbcSettings(dataSource, schema, tablePrefix, timeout);
    }

    /** Completes a statement: {@code {kb}} becomes the full name of that table, with schema and prefix. */
    String sql(String template) {
        String start = (schema == null ? "" : schema + ".") + tablePrefix;
        StringBuilder sql = new StringBuilder(template);
        for (String table : TABLES) {
            String token = "{" + table + "}";
            for (int at = sql.indexOf(token); at >= 0; at = sql.indexOf(token, at)) {
                sql.replace(at, at + token.length(), start + table);
            }
        }
        return sql.toString();
    }

    private static void checkIdentifier(String what, String name) {
        if (!IDENTIFIER.matcher(name).matches()) {
            throw new IllegalArgumentException(what
                    + " must be 1 to 40 ASCII letters, digits and underscores, and must not start with a digit, but is \""
                    + name + "\"");
        }
    }
}
