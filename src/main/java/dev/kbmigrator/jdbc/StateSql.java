package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;

/**
 * The statements behind {@link JdbcStateStore}, with the contract of the SPI. This class has those that are the same on every
 * database.
 */
abstract class StateSql {

    private static final String DELETE_REPLICA = """
            DELETE FROM {replica} WHERE replica_id = ?
            """;

    private static final String DELETE_KBS = """
            DELETE FROM {kb} WHERE {keys}
            """;

    private static final String COUNT = """
            SELECT COUNT(*) FROM {kb} WHERE version < ?
            """;

    private final Database database;
    private final Statements statements;
    private final FloorSql floors;
    private final DocumentSql documents;
    private final KbWriteSql kbWrites;
    private final EpochFence fence;

    StateSql(Database database, Statements statements, FloorSql floors, DocumentSql documents) {
        this.database = database;
        this.statements = statements;
        this.floors = floors;
        this.documents = documents;
        this.kbWrites = new KbWriteSql(statements, floors);
        this.fence = new EpochFence(statements);
    }

    final Dialect dialect() {
        return statements.dialect();
    }

    abstract Snapshot look(Heartbeat self);

    final void forgetReplica(String replicaId) {
        database.autocommit("unregister the replica " + replicaId, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(DELETE_REPLICA))) {
                statement.setString(1, replicaId);
                return statement.executeUpdate();
            }
        });
    }

    abstract Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes);

    /** Enrols KBs in a transaction of the library's own. */
    abstract Set<String> enroll(SortedSet<KbKey> keys, long version);

    /** Enrols KBs in the transaction that is open on the connection. */
    abstract Set<String> enroll(Connection connection, SortedSet<KbKey> keys, long version) throws SQLException;

    final void remove(SortedSet<KbKey> keys) {
        database.transaction("remove KBs", connection -> {
            // The KB first: a write that is under way stores a record while it holds the lock of the KB's row
            statements.forKeys(connection, DELETE_KBS, keys, PreparedStatement::executeUpdate);
            kbWrites.deleteRecords(connection, keys);
            return true;
        });
    }

    abstract Map<String, KbState> find(SortedSet<KbKey> keys);

    abstract Page page(PageQuery query);

    final long count(long belowVersion) {
        return database.autocommit("count KBs", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(COUNT))) {
                statement.setLong(1, belowVersion);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }

    abstract WriteResult write(List<Epoch> epochs, List<KbWrite> writes);

    final FloorSql floors() {
        return floors;
    }

    final DocumentSql documents() {
        return documents;
    }

    /** Writes in an open transaction. */
    final KbWriteSql kbWrites() {
        return kbWrites;
    }

    final EpochFence fence() {
        return fence;
    }
}
