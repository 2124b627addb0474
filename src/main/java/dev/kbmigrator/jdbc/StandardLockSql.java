package dev.kbmigrator.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Locks on MariaDB, MySQL, H2 and SQLite, with each statement a transaction of its own. An acquisition takes over the rows
 * that have expired, reads the owners, and inserts the rows that do not exist yet. Once all rows exist, this is two
 * statements.
 */
final class StandardLockSql implements LockSql {

    private static final String TAKE_OVER = """
            UPDATE {lock} SET nonce = ?, expires_us = {now} + ? WHERE name IN ({list}) AND expires_us <= {now}
            """;

    private static final String READ = """
            SELECT name, nonce FROM {lock} WHERE name IN ({list})
            """;

    private static final String RENEW = """
            UPDATE {lock} SET expires_us = {now} + ? WHERE nonce = ? AND name IN ({list})
            """;

    /** Not an empty text, which H2 takes for NULL in the mode Oracle. */
    private static final String RELEASE = """
            UPDATE {lock} SET expires_us = 0, nonce = 'nobody' WHERE nonce = ? AND name IN ({list})
            """;

    private final Database database;
    private final Statements statements;
    private final String insert;

    StandardLockSql(Database database, StandardDialect dialect, TableLocation tables) {
        this.database = database;
        this.statements = new Statements(tables);
        this.insert = statements.sql(dialect.insertLock());
    }

    @Override
    public Set<String> acquire(SortedSet<String> names, String nonce, long ttlMicros) {
        takeOver(names, nonce, ttlMicros);
        Map<String, String> owners = owners(names);
        SortedSet<String> absent = new TreeSet<>(names);
        absent.removeAll(owners.keySet());
        if (!absent.isEmpty()) {
            insert(absent, nonce, ttlMicros);
            owners = owners(names);
        }
        Set<String> acquired = new HashSet<>();
        owners.forEach((name, owner) -> {
            if (owner.equals(nonce)) {
                acquired.add(name);
            }
        });
        return acquired;
    }

    private void takeOver(SortedSet<String> names, String nonce, long ttlMicros) {
        database.autocommit("acquire locks", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(TAKE_OVER, names.size()))) {
                statement.setString(1, nonce);
                statement.setLong(2, ttlMicros);
                bind(statement, 3, names);
                return statement.executeUpdate();
            }
        });
    }

    private static void bind(PreparedStatement statement, int from, SortedSet<String> names) throws SQLException {
        int index = from;
        for (String name : names) {
            statement.setString(index++, name);
        }
    }

    private Map<String, String> owners(SortedSet<String> names) {
        return database.autocommit("read locks", connection -> {
            Map<String, String> owners = new HashMap<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(READ, names.size()))) {
                bind(statement, 1, names);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        owners.put(rows.getString(1), rows.getString(2));
                    }
                }
            }
            return owners;
        });
    }

    /** Inserts the rows that nobody else has inserted in the meantime. */
    private void insert(SortedSet<String> names, String nonce, long ttlMicros) {
        database.autocommit("create locks", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(insert)) {
                for (String name : names) {
                    statement.setString(1, name);
                    statement.setString(2, nonce);
                    statement.setLong(3, ttlMicros);
                    statement.executeUpdate();
                }
                return true;
            }
        });
    }

    @Override
    public Set<OwnedLock> renew(SortedSet<OwnedLock> owned, long ttlMicros) {
        Set<OwnedLock> renewed = new HashSet<>();
        namesByNonce(owned).forEach((nonce, names) -> {
            int count = database.autocommit("renew leases", connection -> {
                try (PreparedStatement statement = connection.prepareStatement(statements.sql(RENEW, names.size()))) {
                    statement.setLong(1, ttlMicros);
                    statement.setString(2, nonce);
                    bind(statement, 3, names);
                    return statement.executeUpdate();
                }
            });
            Map<String, String> owners = count == names.size() ? Map.of() : owners(names);
            for (String name : names) {
                if (owners.isEmpty() || nonce.equals(owners.get(name))) {
                    renewed.add(new OwnedLock(name, nonce));
                }
            }
        });
        return renewed;
    }

    @Override
    public void release(SortedSet<OwnedLock> owned) {
        namesByNonce(owned)
                .forEach((nonce, names) -> database.autocommit("release leases", connection -> {
                    try (PreparedStatement statement =
                            connection.prepareStatement(statements.sql(RELEASE, names.size()))) {
                        statement.setString(1, nonce);
                        bind(statement, 2, names);
                        return statement.executeUpdate();
                    }
                }));
    }

    private static Map<String, SortedSet<String>> namesByNonce(SortedSet<OwnedLock> owned) {
        Map<String, SortedSet<String>> byNonce = new HashMap<>();
        owned.forEach(one ->
                byNonce.computeIfAbsent(one.nonce(), nonce -> new TreeSet<>()).add(one.name()));
        return byNonce;
    }
}
