package dev.kbmigrator.jdbc;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Where the library's tables are. Immutable: each {@code with} method answers a copy.
 *
 * @param dataSource the host's data source; connections are borrowed for one call each, and given back as they were
 * @param schema the schema that holds the tables, which must exist; null for the connection's own
 * @param tablePrefix what the tables' names start with
 * @param transactionTimeout how long a transaction of the library may stand still, and a statement of it may wait: a replica
 *     that is stopped in the middle blocks the others no longer than that. Not longer than the lease's ttl
 */
public record JdbcSettings(
        DataSource dataSource, @Nullable String schema, String tablePrefix, Duration transactionTimeout) {

    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,39}");
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(1);

    /**
     * Checks the names and the timeout.
     *
     * @param dataSource the host's data source
     * @param schema the schema that holds the tables, or null
     * @param tablePrefix what the tables' names start with
     * @param transactionTimeout how long a transaction of the library may stand still
     * @throws IllegalArgumentException when a name is not 1 to 40 ASCII letters, digits and underscores that start with no
     *     digit, or the timeout is not between 100 ms and one hour
     */
    public JdbcSettings {
        Objects.requireNonNull(dataSource, "dataSource");
        if (schema != null) {
            checkIdentifier("the schema", schema);
        }
        checkIdentifier("the table prefix", tablePrefix);
        if (transactionTimeout.toMillis() < 100 || transactionTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException(
                    "the transaction timeout is between 100 ms and one hour, not " + transactionTimeout);
        }
    }

    /**
     * The connection's own schema, tables that start with {@code kb_migrator_}, and a timeout of 5 seconds.
     *
     * @param dataSource the host's data source
     * @return the settings
     */
    public static JdbcSettings of(DataSource dataSource) {
        return new JdbcSettings(dataSource, null, "kb_migrator_", Duration.ofSeconds(5));
    }

    /**
     * With another schema.
     *
     * @param name an existing schema
     * @return the changed settings
     */
    public JdbcSettings withSchema(String name) {
        return new JdbcSettings(dataSource, name, tablePrefix, transactionTimeout);
    }

    /**
     * With another prefix: two fleets can share a database.
     *
     * @param prefix what the tables' names start with
     * @return the changed settings
     */
    public JdbcSettings withTablePrefix(String prefix) {
        return new JdbcSettings(dataSource, schema, prefix, transactionTimeout);
    }

    /**
     * With another timeout.
     *
     * @param timeout between 100 ms and one hour, and not longer than the lease's ttl
     * @return the changed settings
     */
    public JdbcSettings withTransactionTimeout(Duration timeout) {
        return new JdbcSettings(dataSource, schema, tablePrefix, timeout);
    }

    /** A statement with its tables: {@code {kb}} becomes the name of that table, schema and prefix included. */
    String sql(String template) {
        String start = (schema == null ? "" : schema + ".") + tablePrefix;
        StringBuilder sql = new StringBuilder(template);
        for (String table : Tables.NAMES) {
            String token = "{" + table + "}";
            for (int at = sql.indexOf(token); at >= 0; at = sql.indexOf(token, at)) {
                sql.replace(at, at + token.length(), start + table);
            }
        }
        return sql.toString();
    }

    private static void checkIdentifier(String what, String name) {
        if (!IDENTIFIER.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    what + " is 1 to 40 ASCII letters, digits and underscores that start with no digit, not \"" + name
                            + "\"");
        }
    }
}
