package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What keeps a superseded replica from writing: the rows of the epochs, locked until the transaction ends. */
final class Fence {

    private final Statements statements;

    Fence(Statements statements) {
        this.statements = statements;
    }

    /** In the transaction that is open on the connection: makes sure, until it ends, that no newer epoch is opened. */
    Set<Integer> stale(Connection connection, Collection<Epoch> epochs) throws SQLException {
        Map<Integer, Long> current = new HashMap<>();
        SortedSet<Integer> scopes = new TreeSet<>();
        epochs.forEach(epoch -> scopes.add(epoch.scope()));
        String sql = statements.sql("SELECT scope, number FROM {epoch} WHERE scope IN ("
                + Placeholders.rows(scopes.size(), 1) + ") ORDER BY scope {forShare}");
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Statements.bind(statement, 1, scopes);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    current.put(rows.getInt(1), rows.getLong(2));
                }
            }
        }
        Set<Integer> stale = new TreeSet<>();
        for (Epoch epoch : epochs) {
            if (current.getOrDefault(epoch.scope(), 0L) != epoch.number()) {
                stale.add(epoch.scope());
            }
        }
        return stale;
    }

    /** Rolls a transaction back: because an epoch that it carries is stale, or, without one, because a KB was not as seen. */
    static final class Refusal extends RuntimeException {

        private static final long serialVersionUID = 1L;

        final transient Set<Integer> stale;

        Refusal(Set<Integer> stale) {
            super("stale: " + stale, null, false, false);
            this.stale = stale;
        }
    }
}
