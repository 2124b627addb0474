package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One row a scope, with its newest epoch and its floor. Whoever opens an epoch, writes under one, enrols, removes, or raises a
 * floor locks the rows first, in their order, and holds them to the commit. So no two of these overlap in a partition, and
 * rules 1 to 3 follow.
 */
final class Scopes {

    private Scopes() {}

    /** What a row says while it is locked. */
    record Scope(long epoch, long floor) {}

    static SortedMap<Integer, Scope> lock(Connection connection, Collection<Integer> scopes) throws SQLException {
        SortedMap<Integer, Scope> locked = new TreeMap<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT epoch, version_floor FROM kb_migrator_scope WHERE scope = ? FOR UPDATE")) {
            for (int scope : new TreeSet<>(scopes)) {
                statement.setInt(1, scope);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    locked.put(scope, new Scope(rows.getLong(1), rows.getLong(2)));
                }
            }
        }
        return locked;
    }

    /** The scopes whose epoch is not the newest one. */
    static Set<Integer> stale(SortedMap<Integer, Scope> locked, Collection<Epoch> epochs) {
        Set<Integer> stale = new HashSet<>();
        for (Epoch epoch : epochs) {
            Scope scope = locked.get(epoch.scope());
            if (scope == null || scope.epoch() != epoch.number()) {
                stale.add(epoch.scope());
            }
        }
        return stale;
    }

    static void openNext(Connection connection, Collection<Integer> scopes) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("UPDATE kb_migrator_scope SET epoch = epoch + 1 WHERE scope = ANY(?)")) {
            Transactions.setNumbers(statement, 1, scopes);
            statement.executeUpdate();
        }
    }

    /** Raises those that are locked and have no KB below without an attempt; answers those that are there now. */
    static Set<Integer> raise(Connection connection, SortedMap<Integer, Scope> locked, long version)
            throws SQLException {
        Set<Integer> reached = new HashSet<>(locked.keySet());
        try (PreparedStatement held = connection.prepareStatement("""
                SELECT DISTINCT migration_partition FROM kb_config
                WHERE migration_partition = ANY(?) AND migration_version < ? AND migration_attempt IS NULL
                """)) {
            Transactions.setNumbers(held, 1, locked.keySet());
            held.setLong(2, version);
            try (ResultSet rows = held.executeQuery()) {
                while (rows.next()) {
                    reached.remove(rows.getInt(1));
                }
            }
        }
        try (PreparedStatement raise = connection.prepareStatement(
                "UPDATE kb_migrator_scope SET version_floor = ? WHERE scope = ANY(?) AND version_floor < ?")) {
            raise.setLong(1, version);
            Transactions.setNumbers(raise, 2, reached);
            raise.setLong(3, version);
            raise.executeUpdate();
        }
        locked.forEach((scope, row) -> {
            if (row.floor() >= version) {
                reached.add(scope);
            }
        });
        return reached;
    }
}
