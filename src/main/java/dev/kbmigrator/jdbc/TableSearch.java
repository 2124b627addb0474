package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The first contact with a database, in one round trip: what it is, whether it offers what the library needs, and where the
 * tables are. A database that lacks something is refused by name, with the remedy. No query fails because a table is missing,
 * which on some databases would end the host's transaction.
 */
final class TableSearch {

    private static final String POSTGRES = """
            SELECT current_database(), current_schema(), session_user, s.reset_val, current_setting('server_encoding'),
              current_setting('server_version_num')::integer, current_setting('server_version'), pg_is_in_recovery(),
              n.nspname, (SELECT count(*) FROM pg_class c
                WHERE c.relnamespace = n.oid AND c.relname IN ({tables}) AND c.relkind IN ('r', 'p'))
            FROM pg_settings s
            LEFT JOIN pg_namespace n ON has_schema_privilege(n.oid, 'USAGE')
              AND (position(n.nspname IN replace(s.reset_val, '""', '"')) > 0 OR n.nspname = session_user
                OR n.nspname = current_schema() OR lower(n.nspname) = lower(?::text))
            WHERE s.name = 'search_path'
            """;

    private static final String MARIADB = """
            SELECT VERSION(), DATABASE(), @@GLOBAL.lower_case_table_names, @@GLOBAL.read_only, @@GLOBAL.log_bin,
              @@GLOBAL.binlog_format,
              (SELECT COUNT(*) FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB' AND SUPPORT IN ('YES', 'DEFAULT')),
              s.SCHEMA_NAME, (SELECT COUNT(*) FROM information_schema.TABLES t
                WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_NAME IN ({tables}))
            FROM (SELECT 1 AS one) c
            LEFT JOIN information_schema.SCHEMATA s ON LOWER(s.SCHEMA_NAME) IN (LOWER(?), LOWER(DATABASE()))
            """;

    private static final String H2 = """
            SELECT H2VERSION(), CURRENT_SCHEMA, READONLY(), S.SCHEMA_NAME,
              (SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES T
               WHERE T.TABLE_SCHEMA = S.SCHEMA_NAME AND LOWER(T.TABLE_NAME) IN ({tables}))
            FROM INFORMATION_SCHEMA.SCHEMATA S
            """;

    private static final String SQLITE = """
            SELECT sqlite_version(), (SELECT COUNT(*) FROM {schema}.sqlite_master
              WHERE type = 'table' AND lower(name) IN ({tables}))
            """;

    private static final Pattern DATABASE_IN_URL = Pattern.compile("jdbc:[^/]*//[^/]*/([^?;]+).*");
    private static final Pattern SCHEMA_IN_URL = Pattern.compile(".*;SCHEMA=([^;]+).*", Pattern.CASE_INSENSITIVE);
    private static final Pattern PATH_ENTRY = Pattern.compile("\"((?:[^\"]|\"\")*)\"|([^,\\s\"]+)");
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    private TableSearch() {}

    /** Finds out where the tables are and whether the database offers what the library needs. */
    static TableLocation locate(Connection connection, JdbcSettings settings) throws SQLException {
        Dialect dialect = DialectDetector.detect(connection);
        if (dialect instanceof PostgresDialect) {
            return postgres(connection, settings);
        }
        if (dialect instanceof MariaDbDialect) {
            return mariaDb(connection, settings);
        }
        return dialect instanceof H2Dialect ? h2(connection, settings) : sqlite(connection, settings);
    }

    private static TableLocation postgres(Connection connection, JdbcSettings settings) throws SQLException {
        String wanted = settings.schema();
        try (PreparedStatement statement = connection.prepareStatement(withTables(POSTGRES, settings))) {
            statement.setString(1, wanted);
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) {
                    throw new SQLException("the server does not say what its search path is");
                }
                checkPostgres(rows);
                TableLocation.DatabaseName database =
                        new TableLocation.DatabaseName(rows.getString(1), connection.getCatalog());
                String current = rows.getString(2);
                String user = rows.getString(3);
                String path = rows.getString(4);
                Map<String, Integer> schemas = schemas(rows, 9);
                String schema = wanted == null
                        ? TableLocation.choose(defaults(path, user, schemas), current, schemas)
                        : TableLocation.named(wanted, schemas, false);
                return TableLocation.of(
                        new PostgresDialect(), database, schema, settings, schemas.getOrDefault(schema, 0));
            }
        }
    }

    private static void checkPostgres(ResultSet row) throws SQLException {
        require(row.getInt(6) >= 140_000, "PostgreSQL " + row.getString(7) + " is too old: use PostgreSQL 14 or later");
        String encoding = row.getString(5);
        require(
                encoding.equalsIgnoreCase("UTF8"),
                "the database " + row.getString(1) + " has the encoding " + encoding
                        + ", which cannot hold every id and error text: use a database with the encoding UTF8");
        require(
                !row.getBoolean(8),
                "the server is a standby in recovery, which accepts no writes: connect to the primary");
    }

    /** The schemas of a search path that exist, in order. */
    static List<String> defaults(String path, String user, Map<String, Integer> schemas) {
        List<String> defaults = new ArrayList<>();
        Matcher entries = PATH_ENTRY.matcher(path);
        while (entries.find()) {
            String quoted = entries.group(1);
            String name = quoted == null ? entries.group(2).toLowerCase(Locale.ROOT) : quoted.replace("\"\"", "\"");
            String schema = name.equals("$user") ? user : name;
            if (schemas.containsKey(schema) && !schema.startsWith("pg_")) {
                defaults.add(schema);
            }
        }
        return defaults;
    }

    private static TableLocation mariaDb(Connection connection, JdbcSettings settings) throws SQLException {
        String inUrl = firstGroup(DATABASE_IN_URL, connection.getMetaData().getURL());
        String wanted = settings.schema() == null ? inUrl : settings.schema();
        try (PreparedStatement statement = connection.prepareStatement(withTables(MARIADB, settings))) {
            statement.setString(1, wanted);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                String version = rows.getString(1);
                boolean mariaDb = isMariaDb(version);
                checkMariaDb(rows, mariaDb);
                String current = rows.getString(2);
                boolean ignoreCase = rows.getInt(3) != 0;
                Map<String, Integer> schemas = schemas(rows, 8);
                String schema;
                if (wanted != null) {
                    schema = TableLocation.named(wanted, schemas, ignoreCase);
                } else {
                    schema = TableLocation.choose(current == null ? List.of() : List.of(current), current, schemas);
                }
                if (settings.schema() == null) {
                    schema = TableLocation.choose(List.of(schema), current, schemas);
                }
                return TableLocation.of(
                        new MariaDbDialect(mariaDb), null, schema, settings, schemas.getOrDefault(schema, 0));
            }
        }
    }

    /** Whether a server that may be behind MySQL's driver, or behind a proxy, is MariaDB. */
    static boolean isMariaDb(String version) {
        return version.toLowerCase(Locale.ROOT).contains("mariadb");
    }

    private static void checkMariaDb(ResultSet row, boolean mariaDb) throws SQLException {
        String version = row.getString(1);
        // A replica of MariaDB says "5.5.5-" first, for the sake of old clients
        String number = mariaDb && version.startsWith("5.5.5-") ? version.substring(6) : version;
        require(
                mariaDb ? isAtLeast(number, 10, 6) : isAtLeast(number, 8, 0),
                (mariaDb ? "MariaDB " : "MySQL ") + version
                        + " is too old: use MariaDB 10.6 or later, or MySQL 8 or later");
        require(
                row.getInt(7) > 0,
                "the server has no InnoDB, so that it has no transactions: enable that storage engine");
        require(
                !(row.getInt(5) == 1 && "STATEMENT".equalsIgnoreCase(row.getString(6))),
                "the server writes its binary log with binlog_format STATEMENT, which InnoDB refuses for transactions that"
                        + " read committed data: set binlog_format to MIXED or ROW");
        String readOnly = String.valueOf(row.getString(4));
        require(
                readOnly.equals("0") || readOnly.equalsIgnoreCase("OFF"),
                "the server is read-only (read_only = " + readOnly + "): connect to the primary");
    }

    private static TableLocation h2(Connection connection, JdbcSettings settings) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(withTables(H2, settings));
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            String version = rows.getString(1);
            require(isAtLeast(version, 2, 0), "H2 " + version + " is too old: use H2 2");
            require(!rows.getBoolean(3), "the database is read-only: open it for writing");
            String current = rows.getString(2);
            Map<String, Integer> schemas = schemas(rows, 4);
            String wanted = settings.schema();
            if (wanted != null) {
                String schema = TableLocation.named(wanted, schemas, isLowerCase(wanted));
                return TableLocation.of(new H2Dialect(), null, schema, settings, schemas.getOrDefault(schema, 0));
            }
            String inUrl = firstGroup(SCHEMA_IN_URL, url(settings.dataSource()));
            String usual = TableLocation.named(inUrl == null ? "PUBLIC" : inUrl, schemas, true);
            String schema = TableLocation.choose(List.of(usual), current, schemas);
            return TableLocation.of(new H2Dialect(), null, schema, settings, schemas.getOrDefault(schema, 0));
        }
    }

    private static boolean isLowerCase(String name) {
        return name.equals(name.toLowerCase(Locale.ROOT));
    }

    /** The URL that a data source connects to, as far as it says so: H2 does not say which schema a session began in. */
    private static String url(DataSource dataSource) {
        for (String getter : List.of("getJdbcUrl", "getURL", "getUrl")) {
            Object url = get(dataSource, getter);
            if (url instanceof String text) {
                return text;
            }
        }
        return get(dataSource, "getDataSource") instanceof DataSource inner && inner != dataSource ? url(inner) : "";
    }

    private static @Nullable Object get(DataSource dataSource, String getter) {
        try {
            Method method = dataSource.getClass().getMethod(getter);
            return method.invoke(dataSource);
        } catch (ReflectiveOperationException | RuntimeException e) {
            // A data source of another kind, which does not say
            return null;
        }
    }

    private static TableLocation sqlite(Connection connection, JdbcSettings settings) throws SQLException {
        String schema = settings.schema() == null ? "main" : settings.schema();
        Dialect dialect = new SqliteDialect();
        String sql = withTables(SQLITE, settings).replace("{schema}", dialect.quoted(schema));
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            String version = rows.getString(1);
            require(isAtLeast(version, 3, 42), "SQLite " + version + " is too old: use SQLite 3.42 or later");
            return TableLocation.of(dialect, null, schema, settings, rows.getInt(2));
        }
    }

    /** How many tables each schema holds: two columns of this row and all later ones. */
    private static Map<String, Integer> schemas(ResultSet rows, int column) throws SQLException {
        Map<String, Integer> schemas = new LinkedHashMap<>();
        do {
            String schema = rows.getString(column);
            if (schema != null) {
                schemas.put(schema, rows.getInt(column + 1));
            }
        } while (rows.next());
        return schemas;
    }

    private static String withTables(String template, JdbcSettings settings) {
        List<String> names = JdbcSettings.TABLES.stream()
                .map(table -> "'" + (settings.tablePrefix() + table).toLowerCase(Locale.ROOT) + "'")
                .toList();
        return template.replace("{tables}", String.join(", ", names));
    }

    private static @Nullable String firstGroup(Pattern pattern, @Nullable String text) {
        Matcher matcher = pattern.matcher(text == null ? "" : text);
        return matcher.matches() ? matcher.group(1) : null;
    }

    static boolean isAtLeast(String version, int major, int minor) {
        Matcher numbers = NUMBERS.matcher(version);
        if (!numbers.matches()) {
            return true;
        }
        int first = Integer.parseInt(numbers.group(1));
        return first > major || (first == major && Integer.parseInt(numbers.group(2)) >= minor);
    }

    private static void require(boolean met, String refusal) {
        if (!met) {
            throw new StateStoreException("this database cannot be used: " + refusal);
        }
    }
}
