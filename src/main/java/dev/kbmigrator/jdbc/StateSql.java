package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
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

    private static final String DELETE_REPORT = """
            DELETE FROM {report} WHERE replica_id = ?
            """;

    private static final String REPORTS = """
            SELECT r.replica_id, r.json, r.reported_us FROM {report} r JOIN {replica} a ON a.replica_id = r.replica_id
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

    abstract Snapshot look(Heartbeat heartbeat);

    final void forgetReplica(String replicaId) {
        database.autocommit("unregister the replica " + replicaId, connection -> {
            // The report first: without its replica it would never be deleted
            for (String delete : List.of(DELETE_REPORT, DELETE_REPLICA)) {
                try (PreparedStatement statement = connection.prepareStatement(statements.sql(delete))) {
                    statement.setString(1, replicaId);
                    statement.executeUpdate();
                }
            }
            return true;
        });
    }

    final List<ReplicaReport> replicaReports() {
        return database.autocommit("read the replicas' reports", connection -> {
            List<ReplicaReport> reports = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(REPORTS));
                    ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    reports.add(new ReplicaReport(rows.getString(1), rows.getString(2), rows.getLong(3)));
                }
            }
            return reports;
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

    /** The scopes whose epoch is not the current one. */
    final Set<Integer> staleScopes(List<Epoch> epochs) {
        return epochs.isEmpty()
                ? Set.of()
                : database.autocommit("read epochs", connection -> fence.staleScopes(connection, epochs));
    }

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
