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
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;

/** The statements behind {@link JdbcStateStore}, as one kind of database wants them. The contract is that of the SPI. */
interface StateSql {

    Snapshot look(Heartbeat self);

    void forgetReplica(String replicaId);

    Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes);

    /** Enrols in a transaction of the library's own. */
    Set<String> enroll(SortedSet<Key> keys, long version);

    /** Enrols in the transaction that is open on the connection. */
    Set<String> enroll(Connection connection, SortedSet<Key> keys, long version) throws SQLException;

    void remove(SortedSet<Key> keys);

    Map<String, KbState> find(SortedSet<Key> keys);

    Page page(PageQuery request);

    long count(long belowVersion);

    WriteResult write(List<Epoch> epochs, List<KbWrite> writes);

    /** In the transaction that is open on the connection; answers whether all of it could be written. */
    boolean write(Connection connection, List<KbWrite> writes) throws SQLException;

    FloorSql floors();

    DocumentSql documents();

    Fence fence();
}
