package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Keeps a superseded replica from writing. The last statement of a transaction locks the rows of its epochs, so that no newer
 * epoch is opened before the commit, and reads whether they are still current.
 */
final class EpochFence {

    private static final String LOCK = """
            SELECT scope, number FROM {epoch} WHERE scope IN ({list}) ORDER BY scope {forShare}
            """;

    private final Statements statements;

    EpochFence(Statements statements) {
        this.statements = statements;
    }

    /** Locks the epochs in the open transaction; returns the scopes whose epoch is not the current one. */
    Set<Integer> staleScopes(Connection connection, Collection<Epoch> epochs) throws SQLException {
        SortedSet<Integer> scopes = new TreeSet<>();
        epochs.forEach(epoch -> scopes.add(epoch.scope()));
        Map<Integer, Long> current = statements.query(connection, LOCK, scopes);
        Set<Integer> stale = new TreeSet<>();
        for (Epoch epoch : epochs) {
            if (current.getOrDefault(epoch.scope(), 0L) != epoch.number()) {
                stale.add(epoch.scope());
            }
        }
        return stale;
    }

    /** Locks the epochs in the open transaction. Throws if one is not current, which rolls the transaction back. */
    void check(Connection connection, Collection<Epoch> epochs) throws SQLException {
        Set<Integer> stale = staleScopes(connection, epochs);
        if (!stale.isEmpty()) {
            throw new StaleEpoch(stale);
        }
    }

    /** Rolls a transaction back because of a stale epoch. Never leaves this package. */
    static final class StaleEpoch extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final transient Set<Integer> scopes;

        private StaleEpoch(Set<Integer> scopes) {
            super("stale epochs of the scopes " + scopes, null, false, false);
            this.scopes = scopes;
        }

        Set<Integer> scopes() {
            return scopes;
        }
    }
}
