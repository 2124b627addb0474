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
 * @param schema the schema that holds the tables, which must exist; null for the default one of a new session, whatever a
 *     borrowed connection is set to
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
     * The default settings: the schema that a new session uses, tables whose names start with {@code kb_migrator_}, and a timeout
     * of 5 seconds.
     *
     * @param dataSource the host's data source
     * @return the settings
     */
    public static JdbcSettings of(DataSource dataSource) {
        return new JdbcSettings(dataSource, null, "kb_migrator_", Duration.ofSeconds(5));
    }

    /**
     * Sets the schema. It is taken to the letter and quoted in statements; on H2, a name in lower case also finds the schema
     * in upper case.
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

    /** The settings as a text, without passwords that the data source's own text contains. */
    @Override
    public String toString() {
        return "JdbcSettings[dataSource=" + Secrets.masked(String.valueOf(dataSource)) + ", schema=" + schema
                + ", tablePrefix=" + tablePrefix + ", transactionTimeout=" + transactionTimeout + "]";
    }

    private static void checkIdentifier(String what, String name) {
        if (!IDENTIFIER.matcher(name).matches()) {
            throw new IllegalArgumentException(what
                    + " must be 1 to 40 ASCII letters, digits and underscores, and must not start with a digit, but is \""
                    + name + "\"");
        }
    }
}
