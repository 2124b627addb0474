package dev.kbmigrator.bench;

import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The least that any tool can do on PostgreSQL: pages of ids by their key, each moved on by one UPDATE in a transaction of its
 * own. No lock, no epoch, no failure, no second replica. The table is like the library's.
 */
final class Floor implements Contender {

    private static final int PARTITIONS = 256;

    private static final String CREATE = """
            CREATE TABLE floor_kb (
              kb_partition smallint NOT NULL,
              kb_id text COLLATE "C" NOT NULL,
              version bigint NOT NULL,
              PRIMARY KEY (kb_partition, kb_id)
            ) WITH (fillfactor = 70)
            """;

    /** In the order in which the library enrols: ten thousand at a time, sorted by the key. */
    private static final String FILL = """
            INSERT INTO floor_kb (kb_partition, kb_id, version)
            SELECT get_byte(decode(substr(md5(id), 1, 2), 'hex'), 0) AS kb_partition, id, 1
            FROM (SELECT i, 'kb-' || lpad(i::text, 8, '0') AS id FROM generate_series(0, ? - 1) AS i) AS ids
            ORDER BY i / 10000, kb_partition, id
            """;

    private static final String NEXT_PAGE = """
            SELECT kb_id FROM floor_kb WHERE kb_partition = ? AND kb_id > ? AND version = 1 ORDER BY kb_id LIMIT ?
            """;
    private static final String ADVANCE = """
            UPDATE floor_kb SET version = 2 WHERE kb_partition = ? AND kb_id = ANY (?) AND version = 1
            """;

    private final String name;
    private final int threads;
    private final int page;
    private @Nullable DataSource pool;

    Floor(String name, int threads, int page) {
        this.name = name;
        this.threads = threads;
        this.page = page;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws SQLException {
        DataSource connections = database.pool(threads);
        pool = connections;
        try (Connection connection = connections.getConnection();
                Statement statement = connection.createStatement()) {
            if (connection.getMetaData().getTables(null, null, "floor_kb", null).next()) {
                return;
            }
            statement.execute(CREATE);
            try (PreparedStatement fill = connection.prepareStatement(FILL)) {
                fill.setInt(1, tenants);
                fill.executeUpdate();
            }
        }
    }

    @Override
    public void run() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            AtomicInteger next = new AtomicInteger();
            List<Callable<@Nullable Void>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(() -> advanceAll(next));
            }
            for (Future<@Nullable Void> worker : executor.invokeAll(workers)) {
                worker.get();
            }
        } finally {
            executor.shutdown();
        }
    }

    private @Nullable Void advanceAll(AtomicInteger next) throws SQLException {
        try (Connection connection = pool().getConnection();
                PreparedStatement pages = connection.prepareStatement(NEXT_PAGE);
                PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
            for (int partition = next.getAndIncrement(); partition < PARTITIONS; partition = next.getAndIncrement()) {
                List<String> ids = page(pages, partition, "");
                while (!ids.isEmpty()) {
                    advance.setInt(1, partition);
                    advance.setArray(2, connection.createArrayOf("text", ids.toArray()));
                    if (advance.executeUpdate() != ids.size()) {
                        throw new IllegalStateException("somebody else is at work in partition " + partition);
                    }
                    ids = ids.size() < page ? List.of() : page(pages, partition, ids.get(page - 1));
                }
            }
        }
        return null;
    }

    private List<String> page(PreparedStatement statement, int partition, String after) throws SQLException {
        statement.setInt(1, partition);
        statement.setString(2, after);
        statement.setInt(3, page);
        List<String> ids = new ArrayList<>(page);
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                ids.add(rows.getString(1));
            }
        }
        return ids;
    }

    @Override
    public long done() throws SQLException {
        return Sql.number(pool(), "SELECT count(*) FROM floor_kb WHERE version = 2");
    }

    @Override
    public void close() {}

    private DataSource pool() {
        return Objects.requireNonNull(pool, "not prepared");
    }
}
