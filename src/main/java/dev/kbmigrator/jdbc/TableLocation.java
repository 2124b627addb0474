package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the library's tables are. It is found once, and every statement names the tables with their schema from then on: the
 * schema that a borrowed connection happens to be set to does not matter. Immutable.
 *
 * @param dialect the database's dialect
 * @param database the database that the tables are in; null where the schema says enough
 * @param schema the schema, as the catalogue spells it
 * @param start what comes before a table's own name: the quoted schema, a dot and the prefix
 * @param complete whether all tables were there when they were looked for
 */
record TableLocation(Dialect dialect, @Nullable DatabaseName database, String schema, String start, boolean complete) {

    /**
     * What a database is called.
     *
     * @param byServer its name on the server
     * @param byDriver what the driver connects to, which may be a pooler's alias
     */
    record DatabaseName(String byServer, @Nullable String byDriver) {}

    /** The location in a schema that holds so many of the tables. */
    static TableLocation of(
            Dialect dialect, @Nullable DatabaseName database, String schema, JdbcSettings settings, int tables) {
        String start = dialect.quoted(schema) + "." + settings.tablePrefix();
        return new TableLocation(dialect, database, schema, start, tables >= JdbcSettings.TABLES.size());
    }

    /** Completes a statement: {@code {kb}} becomes the full name of that table, with schema and prefix. */
    String sql(String template) {
        StringBuilder sql = new StringBuilder(template);
        for (String table : JdbcSettings.TABLES) {
            String token = "{" + table + "}";
            for (int at = sql.indexOf(token); at >= 0; at = sql.indexOf(token, at)) {
                sql.replace(at, at + token.length(), start + table);
            }
        }
        return sql.toString();
    }

    /** How the tables are called in an error. */
    String description() {
        return "the library's tables (" + sql("{kb}") + " and others)";
    }

    /**
     * Chooses the schema: the first of the default ones that holds tables, otherwise the first, in which they are to be
     * created. A connection that is set to another schema is refused if the default ones hold no tables: they may be in that
     * other schema, and must not be created twice.
     *
     * @param defaults the schemas that a new session would use, in order
     * @param current the schema that the connection is set to
     * @param tables how many tables each schema holds
     */
    static String choose(List<String> defaults, @Nullable String current, Map<String, Integer> tables) {
        for (String schema : defaults) {
            if (tables.getOrDefault(schema, 0) > 0) {
                return schema;
            }
        }
        if (defaults.isEmpty()) {
            throw new StateStoreException(
                    "a new session of this user has no default schema, so that it is not clear where"
                            + " the library's tables are: name the schema with JdbcSettings.withSchema");
        }
        String first = defaults.get(0);
        if (current != null && !current.equals(first)) {
            throw new StateStoreException("the borrowed connection is set to the schema \"" + current
                    + "\", but a new session would use \"" + first + "\", which holds no tables of the library ("
                    + (tables.getOrDefault(current, 0) > 0
                            ? "\"" + current + "\" does"
                            : "neither does \"" + current + "\"")
                    + "): name the right schema with JdbcSettings.withSchema, or have connections returned to the pool as"
                    + " they were");
        }
        return first;
    }

    /**
     * Finds a schema that the settings name: with exactly these letters, or, for a name in lower case, in upper case, which is
     * how some databases spell names that were not quoted.
     */
    static String named(String wanted, Map<String, Integer> schemas, boolean ignoreCase) {
        if (schemas.containsKey(wanted)) {
            return wanted;
        }
        String similar = null;
        for (String schema : schemas.keySet()) {
            if (schema.equalsIgnoreCase(wanted)) {
                similar = schema;
            }
        }
        if (similar != null && ignoreCase) {
            return similar;
        }
        throw new StateStoreException("the schema \"" + wanted + "\" does not exist, or this user may not use it"
                + (similar == null ? "" : " (there is \"" + similar + "\", which is another name)")
                + ": create it, or name another with JdbcSettings.withSchema");
    }
}
