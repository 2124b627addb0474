package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.WriteResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The state in a relational database: PostgreSQL, MariaDB, MySQL, H2 or SQLite. The first call detects which one it is, and
 * fails if it is another. Safe for use by many threads.
 *
 * <p>There are seven tables: KBs with their versions, KB records, floors, epochs, documents, replicas, and the locks of
 * {@link JdbcLock}. Floors have rows of their own, so that a long transaction of the host that enrols a KB blocks no batch.
 * The version of a KB has no index, so that changing it is cheap.
 */
public final class JdbcStateStore implements StateStore, HostTransactionSupport {

    private static final char AFTER_ALL_NAMES = '\u007f';

    private final Database database;
    private volatile @Nullable StateSql sql;

    JdbcStateStore(Database database) {
        this.database = database;
    }

    /**
     * Creates a store with the default settings. Does not read or write anything yet.
     *
     * @param dataSource the host's data source
     * @return the store
     */
    public static JdbcStateStore create(DataSource dataSource) {
        return create(JdbcSettings.of(dataSource));
    }

    /**
     * Creates a store. Does not read or write anything yet.
     *
     * @param settings where the tables are
     * @return the store
     */
    public static JdbcStateStore create(JdbcSettings settings) {
        return new JdbcStateStore(new Database(settings));
    }

    Database database() {
        return database;
    }

    StateSql sql() {
        StateSql known = sql;
        if (known == null) {
            known = sql(database.tables());
            sql = known;
        }
        return known;
    }

    private StateSql sql(TableLocation tables) {
        return tables.dialect() instanceof StandardDialect standard
                ? new StandardStateSql(database, standard, tables)
                : new PostgresStateSql(database, tables);
    }

    /** The statements for a connection of the host, without another connection, even if this is the first contact. */
    private StateSql sql(Connection host) {
        try {
            TableLocation tables = database.tablesFor(host);
            if (!tables.complete()) {
                throw new StateStoreException(tables.description()
                        + " do not exist yet, and cannot be created in the host's transaction: call start() or run() before"
                        + " the first registerKb, or run the statements that JdbcStateStore.ddl() returns");
            }
            StateSql known = sql;
            return known == null ? sql(tables) : known;
        } catch (SQLException e) {
            throw Database.failure("look for the library's tables", e);
        }
    }

    /**
     * Returns the statements that create the tables, for those who run DDL by hand. Running them twice is harmless.
     *
     * @return the statements for this database, without semicolons
     * @throws StateStoreException when the database cannot be reached or is not supported
     */
    public List<String> ddl() {
        return Tables.ddl(database.tables());
    }

    @Override
    public Snapshot look(Heartbeat heartbeat) {
        return sql().look(heartbeat);
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return sql().replicaReports();
    }

    @Override
    public void forgetReplica(String replicaId) {
        sql().forgetReplica(replicaId);
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return scopes.isEmpty() ? Map.of() : sql().openEpochs(new TreeSet<>(scopes));
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        Set<String> enrolled = new HashSet<>();
        inPieces(kbIds, keys -> enrolled.addAll(sql().enroll(keys, version)));
        return enrolled;
    }

    @Override
    public boolean enroll(Connection connection, String kbId, long version) {
        StateSql own = sql(connection);
        try {
            return !own.enroll(connection, KbKey.sorted(Set.of(kbId)), version).isEmpty();
        } catch (SQLException e) {
            throw Database.failure("enrol KB " + kbId + " in the host's transaction", e);
        }
    }

    @Override
    public void checkReady(Connection connection) {
        sql(connection);
    }

    @Override
    public Optional<Document> document(Connection connection, String name, boolean locked) {
        StateSql own = sql(connection);
        try {
            return own.documents().document(connection, name, locked);
        } catch (SQLException e) {
            throw Database.failure("read the document " + name + " in the host's transaction", e);
        }
    }

    @Override
    public boolean compareAndSet(Connection connection, String name, long expectedRevision, @Nullable String json) {
        StateSql own = sql(connection);
        try {
            return own.documents().compareAndSet(connection, name, expectedRevision, json);
        } catch (SQLException e) {
            if (own.dialect().isCollision(e)) {
                // Somebody else has just created it
                return false;
            }
            throw Database.failure("change the document " + name + " in the host's transaction", e);
        }
    }

    @Override
    public void remove(Collection<String> kbIds) {
        inPieces(kbIds, keys -> sql().remove(keys));
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        Map<String, KbState> found = new HashMap<>();
        inPieces(kbIds, keys -> found.putAll(sql().find(keys)));
        return found;
    }

    @Override
    public Page page(PageQuery query) {
        return query.partitions().isEmpty() ? new Page(List.of(), null) : sql().page(query);
    }

    @Override
    public long count(long belowVersion) {
        return sql().count(belowVersion);
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        Set<Integer> uncovered = new TreeSet<>();
        writes.forEach(write -> uncovered.add(Partitions.of(write.kbId())));
        epochs.forEach(epoch -> uncovered.remove(epoch.scope()));
        if (uncovered.isEmpty()) {
            return sql().write(List.copyOf(epochs), writes);
        }
        uncovered.addAll(sql().staleScopes(List.copyOf(epochs)));
        return WriteResult.refused(uncovered);
    }

    @Override
    public int maxBatch() {
        return database.dialect().maxBatch();
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        return epochs.isEmpty() ? Set.of() : sql().floors().raise(List.copyOf(epochs), version);
    }

    @Override
    public Optional<Document> document(String name) {
        return sql().documents().document(name);
    }

    @Override
    public List<Document> documents(String prefix) {
        return documents(prefix, "", Integer.MAX_VALUE);
    }

    @Override
    public List<Document> documents(String prefix, String after, int limit) {
        return sql().documents().documents(prefix, prefix + AFTER_ALL_NAMES, after, limit);
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        return sql().documents().compareAndSet(name, expectedRevision, json, fence);
    }

    /** Does something with all KBs at once, or in pieces that are halved for as long as they exceed a time limit. */
    private void inPieces(Collection<String> kbIds, Consumer<SortedSet<KbKey>> work) {
        List<KbKey> keys = List.copyOf(KbKey.sorted(kbIds));
        int size = keys.size();
        for (int from = 0; from < keys.size(); ) {
            int end = Math.min(keys.size(), from + size);
            try {
                work.accept(new TreeSet<>(keys.subList(from, end)));
                from = end;
            } catch (StateStoreException e) {
                if (size == 1 || !isTimeLimit(e)) {
                    throw e;
                }
                size = (size + 1) / 2;
            }
        }
    }

    private boolean isTimeLimit(StateStoreException e) {
        return e.getCause() instanceof SQLException error && database.dialect().isTimeLimit(error);
    }
}
