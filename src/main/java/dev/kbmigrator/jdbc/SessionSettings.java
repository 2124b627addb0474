package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the settings of a session and restores those that have changed. Each database has its own way. Reading takes a round
 * trip or two, so this happens only for a part that changes settings.
 */
interface SessionSettings {

    /** The settings, by name. */
    Map<String, String> read(Connection connection) throws SQLException;

    /** Gives a setting a value; null if it had none. */
    void set(Connection connection, String name, @Nullable String value) throws SQLException;

    /** Gives back to all settings the values that they had. */
    default void restore(Connection connection, Map<String, String> before) throws SQLException {
        Map<String, String> now = read(connection);
        // Who the session acts as comes first: another role may not be allowed to set the rest
        for (String name : List.of(Postgres.USER, Postgres.ROLE)) {
            restore(connection, name, before, now);
        }
        TreeSet<String> rest = new TreeSet<>(before.keySet());
        rest.addAll(now.keySet());
        for (String name : rest) {
            restore(connection, name, before, now);
        }
    }

    private void restore(Connection connection, String name, Map<String, String> before, Map<String, String> now)
            throws SQLException {
        if (!Objects.equals(before.get(name), now.get(name))) {
            set(connection, name, before.get(name));
            now.remove(name);
            if (before.containsKey(name)) {
                now.put(name, before.get(name));
            }
        }
    }

    private static Map<String, String> query(Connection connection, String sql) throws SQLException {
        Map<String, String> values = new LinkedHashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                String value = rows.getString(2);
                if (value != null) {
                    values.put(rows.getString(1), value);
                }
            }
        }
        return values;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String literal(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    /** All that a session can set, the role, and settings of the host's own. */
    final class Postgres implements SessionSettings {

        private static final String ROLE = "role";
        private static final String USER = "session_authorization";

        private static final String READ = """
                SELECT name, setting FROM pg_settings
                WHERE context IN ('user', 'superuser') AND name NOT LIKE 'transaction\\_%'
                  AND (name NOT LIKE '%.%' OR source <> 'default')
                UNION ALL SELECT 'role', current_setting('role')
                UNION ALL SELECT 'session_authorization', session_user
                """;

        @Override
        public Map<String, String> read(Connection connection) throws SQLException {
            return query(connection, READ);
        }

        @Override
        public void set(Connection connection, String name, @Nullable String value) throws SQLException {
            try (PreparedStatement statement = connection.prepareStatement("SELECT set_config(?, ?, false)")) {
                statement.setString(1, name);
                statement.setString(2, value);
                statement.execute();
            }
        }
    }

    /** All variables of the session except counters; the default database and the role. */
    final class MariaDb implements SessionSettings {

        private static final String DATABASE = "\tdatabase";
        private static final String ROLE = "\trole";

        /** Values that change by themselves, or that nobody can set. */
        private static final Pattern COUNTERS =
                Pattern.compile("timestamp|insert_id|last_insert_id|identity|rand_seed.*"
                        + "|pseudo_.*|error_count|warning_count|.*gtid.*|in_transaction|external_user|proxy_.*|statement_id"
                        + "|original_commit_timestamp|immediate_server_version|original_server_version|.*_pos|last_.*");

        private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");

        @Override
        public Map<String, String> read(Connection connection) throws SQLException {
            Map<String, String> values = query(connection, "SHOW SESSION VARIABLES");
            values.keySet().removeIf(name -> COUNTERS.matcher(name).matches());
            values.putAll(query(
                    connection,
                    "SELECT '\tdatabase', DATABASE() UNION ALL SELECT '\trole', NULLIF(CURRENT_ROLE(), 'NONE')"));
            return values;
        }

        @Override
        public void set(Connection connection, String name, @Nullable String value) throws SQLException {
            if (name.equals(DATABASE)) {
                connection.setCatalog(value);
            } else if (name.equals(ROLE)) {
                execute(connection, "SET ROLE " + (value == null ? "NONE" : role(value)));
            } else {
                String text = value == null ? "DEFAULT" : NUMBER.matcher(value).matches() ? value : literal(value);
                execute(connection, "SET SESSION " + name + " = " + text);
            }
        }

        /** MySQL quotes roles itself. */
        private static String role(String value) {
            return value.startsWith("`") ? value : "`" + value.replace("`", "``") + "`";
        }
    }

    /** The schema, the timeout of locks, and what H2 itself would restore after a reconnect. */
    final class H2 implements SessionSettings {

        private static final String READ = """
                SELECT 'schema', CURRENT_SCHEMA UNION ALL SELECT 'lock timeout', CAST(LOCK_TIMEOUT() AS VARCHAR)
                UNION ALL SELECT STATE_KEY, STATE_COMMAND FROM INFORMATION_SCHEMA.SESSION_STATE
                WHERE STATE_KEY NOT LIKE 'TABLE%' AND UPPER(STATE_KEY) <> 'SCHEMA'
                """;

        @Override
        public Map<String, String> read(Connection connection) throws SQLException {
            return query(connection, READ);
        }

        @Override
        public void set(Connection connection, String name, @Nullable String value) throws SQLException {
            if (value == null) {
                if (name.equalsIgnoreCase("schema_search_path")) {
                    throw new SQLException("the schema search path was not set and cannot be unset");
                }
                execute(
                        connection,
                        name.equalsIgnoreCase("time zone") ? "SET TIME ZONE LOCAL" : "SET " + name + " NULL");
            } else if (name.equals("schema")) {
                connection.setSchema(value);
            } else if (name.equals("lock timeout")) {
                execute(connection, "SET LOCK_TIMEOUT " + value);
            } else {
                execute(connection, value);
            }
        }
    }

    /** The pragmas of a connection that matter to those who write. */
    final class Sqlite implements SessionSettings {

        private static final List<String> PRAGMAS = List.of(
                "query_only",
                "foreign_keys",
                "defer_foreign_keys",
                "ignore_check_constraints",
                "recursive_triggers",
                "reverse_unordered_selects",
                "read_uncommitted",
                "busy_timeout",
                "cache_size",
                "synchronous",
                "temp_store");

        @Override
        public Map<String, String> read(Connection connection) throws SQLException {
            Map<String, String> values = new LinkedHashMap<>();
            for (String pragma : PRAGMAS) {
                values.putAll(query(connection, "SELECT '" + pragma + "', * FROM pragma_" + pragma));
            }
            return values;
        }

        @Override
        public void set(Connection connection, String name, @Nullable String value) throws SQLException {
            execute(connection, "PRAGMA " + name + " = " + value);
        }
    }
}
