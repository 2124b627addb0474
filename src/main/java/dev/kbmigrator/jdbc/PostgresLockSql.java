package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;

/** Locks on PostgreSQL: one statement per call, for any number of names. */
final class PostgresLockSql implements LockSql {

    private static final String ACQUIRE = """
            INSERT INTO {lock} AS l (name, nonce, expires_us)
            SELECT n, ?, {now} + ? FROM unnest(?::text[]) AS n ORDER BY n
            ON CONFLICT (name) DO UPDATE SET nonce = excluded.nonce, expires_us = {now} + ?
              WHERE l.expires_us <= {now}
            RETURNING l.name
            """;

    private static final String RENEW = """
            WITH locked AS (
              SELECT l.name FROM {lock} l JOIN unnest(?::text[], ?::text[]) AS o (name, nonce)
                ON o.name = l.name AND o.nonce = l.nonce
              ORDER BY l.name FOR UPDATE OF l)
            UPDATE {lock} l SET expires_us = {now} + ? FROM locked WHERE l.name = locked.name
            RETURNING l.name, l.nonce
            """;

    private static final String RELEASE = """
            WITH locked AS (
              SELECT l.name FROM {lock} l JOIN unnest(?::text[], ?::text[]) AS o (name, nonce)
                ON o.name = l.name AND o.nonce = l.nonce
              ORDER BY l.name FOR UPDATE OF l)
            UPDATE {lock} l SET expires_us = 0, nonce = '' FROM locked WHERE l.name = locked.name
            """;

    private final Database database;
    private final Statements statements;

    PostgresLockSql(Database database, TableLocation tables) {
        this.database = database;
        this.statements = new Statements(tables);
    }

    @Override
    public Set<String> acquire(SortedSet<String> names, String nonce, long ttlMicros) {
        return database.autocommit("acquire locks", connection -> {
            Set<String> acquired = new HashSet<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(ACQUIRE))) {
                statement.setString(1, nonce);
                statement.setLong(2, ttlMicros);
                statement.setArray(3, connection.createArrayOf("text", names.toArray(String[]::new)));
                statement.setLong(4, ttlMicros);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        acquired.add(rows.getString(1));
                    }
                }
            }
            return acquired;
        });
    }

    @Override
    public Set<OwnedLock> renew(SortedSet<OwnedLock> owned, long ttlMicros) {
        return database.autocommit("renew leases", connection -> {
            Set<OwnedLock> renewed = new HashSet<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(RENEW))) {
                bind(connection, statement, owned);
                statement.setLong(3, ttlMicros);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        renewed.add(new OwnedLock(rows.getString(1), rows.getString(2)));
                    }
                }
            }
            return renewed;
        });
    }

    @Override
    public void release(SortedSet<OwnedLock> owned) {
        database.autocommit("release leases", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(RELEASE))) {
                bind(connection, statement, owned);
                return statement.executeUpdate();
            }
        });
    }

    private static void bind(Connection connection, PreparedStatement statement, SortedSet<OwnedLock> owned)
            throws SQLException {
        String[] names = owned.stream().map(OwnedLock::name).toArray(String[]::new);
        String[] nonces = owned.stream().map(OwnedLock::nonce).toArray(String[]::new);
        statement.setArray(1, connection.createArrayOf("text", names));
        statement.setArray(2, connection.createArrayOf("text", nonces));
    }
}
