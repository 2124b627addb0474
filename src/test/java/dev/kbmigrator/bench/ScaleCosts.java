package dev.kbmigrator.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.jdbc.JdbcStorage;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.Storage;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Measures what {@link ScaleModel.Costs} asks for, each thing by itself, through the SPIs, on a durable PostgreSQL. */
final class ScaleCosts implements AutoCloseable {

    private static final int KBS = Integer.getInteger("scale.kbs", 200_000);
    private static final int LOOKS = 1_000;
    private static final int REPLICAS = 500;

    /** As the engine does. */
    private static final int LISTED_AT_ONCE = 10_000;

    private static final Duration TTL = Duration.ofMinutes(5);

    private final PostgresServer postgres = PostgresServer.durable();
    private final HikariDataSource pool;
    private final Storage storage;
    private final long server;
    private final Map<String, Double> figures = new TreeMap<>();

    private interface Step {
        void run() throws Exception;
    }

    /** What a step took: wall clock, processor time of the server, and the server's log. */
    private record Spent(double seconds, double serverSeconds, double walBytes) {}

    ScaleCosts() throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(postgres.newDatabase("scale"));
        config.setUsername("postgres");
        config.setMaximumPoolSize(10);
        pool = new HikariDataSource(config);
        storage = JdbcStorage.create(pool);
        server = ProcessHandle.of(Sql.number(pool, "SELECT pg_backend_pid()"))
                .flatMap(ProcessHandle::parent)
                .orElseThrow()
                .pid();
    }

    Map<String, Double> measure() throws Exception {
        List<String> ids = IntStream.range(0, KBS)
                .mapToObj(i -> String.format("kb-%08d", i))
                .toList();
        listing("enrolling", ids);
        listing("listing", ids);
        long bytes = Sql.number(pool, "SELECT pg_total_relation_size('kb_migrator_kb')");
        figures.put("stored_bytes_per_kb", (double) bytes / KBS);
        kbs();
        smallBatches();
        passes();
        thorough();
        looks("look", 1);
        looks("look_among_" + REPLICAS, REPLICAS);
        return figures;
    }

    /** The first listing enrols all; the second only asks whether they are there, which is what every later one does. */
    private void listing(String name, List<String> ids) throws Exception {
        Spent spent = spent(() -> {
            for (int from = 0; from < ids.size(); from += LISTED_AT_ONCE) {
                storage.stateStore().enroll(ids.subList(from, Math.min(ids.size(), from + LISTED_AT_ONCE)), 0);
            }
        });
        figures.put(name + "_seconds_per_kb", spent.seconds() / ids.size());
        figures.put(name + "_server_seconds_per_kb", spent.serverSeconds() / ids.size());
    }

    /** Pages and batches of one worker, one after the other. */
    private void kbs() throws Exception {
        Map<Integer, Epoch> epochs = storage.stateStore().openEpochs(Partitions.all());
        int[] batches = new int[1];
        Spent spent = spent(() -> {
            for (Epoch epoch : epochs.values()) {
                batches[0] += partition(epoch);
            }
        });
        figures.put("server_seconds_per_kb", spent.serverSeconds() / KBS);
        figures.put("wal_bytes_per_kb", spent.walBytes() / KBS);
        figures.put("batch_seconds", spent.seconds() / batches[0]);
        figures.put("kbs_per_batch", (double) KBS / batches[0]);
    }

    private int partition(Epoch epoch) {
        int batches = 0;
        PageQuery request =
                new PageQuery(Set.of(epoch.scope()), Selection.DUE, 1, DueFilter.BY_THE_CLOCK, null, ScaleModel.BATCH);
        while (request != null) {
            Page page = storage.stateStore().page(request);
            List<KbWrite> writes = new ArrayList<>();
            page.kbs().forEach(kb -> writes.add(new KbWrite.Advanced(kb.kbId(), kb.incarnation(), 0, 1)));
            if (!writes.isEmpty()
                    && !storage.stateStore().write(List.of(epoch), writes).equals(WriteResult.ALL_DONE)) {
                throw new IllegalStateException("a batch was not written");
            }
            batches++;
            request = page.next() == null ? null : request.from(page.next());
        }
        return batches;
    }

    /** One KB a batch: nearly all of it is what a batch costs whatever its length. */
    private void smallBatches() throws Exception {
        Epoch epoch = Objects.requireNonNull(
                storage.stateStore().openEpochs(Set.of(0)).get(0));
        PageQuery request = new PageQuery(Set.of(0), Selection.ALL, Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, null, 500);
        List<KbState> kbs = storage.stateStore().page(request).kbs();
        Spent spent = spent(() -> {
            for (KbState kb : kbs) {
                storage.stateStore()
                        .write(List.of(epoch), List.of(new KbWrite.Advanced(kb.kbId(), kb.incarnation(), 1, 2)));
            }
        });
        figures.put("server_seconds_per_batch", spent.serverSeconds() / kbs.size());
    }

    /** The look that ignores the floors. */
    private void thorough() throws Exception {
        Heartbeat self = new Heartbeat(
                new ReplicaInfo("replica-0", "host", "build", "", 1, 0, true),
                null,
                DueFilter.BY_THE_CLOCK,
                true,
                false);
        int looks = 5;
        Spent spent = spent(() -> {
            for (int i = 0; i < looks; i++) {
                storage.stateStore().look(self);
            }
        });
        figures.put("server_seconds_per_kb_scanned", spent.serverSeconds() / looks / KBS);
    }

    /** What taking a partition costs besides its KBs. */
    private void passes() throws Exception {
        Spent spent = spent(() -> {
            for (int partition : Partitions.all()) {
                Map<String, Lease> leases = storage.lock().tryAcquireAll(Set.of("partition-" + partition), TTL);
                Map<Integer, Epoch> epochs = storage.stateStore().openEpochs(Set.of(partition));
                storage.stateStore().raiseFloors(epochs.values(), 1);
                storage.lock().releaseAll(leases.values());
            }
        });
        figures.put("server_seconds_per_pass", spent.serverSeconds() / ScaleModel.PARTITIONS);
    }

    private void looks(String name, int replicas) throws Exception {
        for (int i = 0; i < replicas; i++) {
            look(i);
        }
        Spent spent = spent(() -> {
            for (int i = 0; i < LOOKS; i++) {
                look(i % replicas);
            }
        });
        figures.put("server_seconds_per_" + name, spent.serverSeconds() / LOOKS);
        figures.put(name + "_seconds", spent.seconds() / LOOKS);
        figures.put("wal_bytes_per_" + name, spent.walBytes() / LOOKS);
    }

    private void look(int replica) {
        storage.stateStore()
                .look(new Heartbeat(
                        new ReplicaInfo("replica-" + replica, "host", "build", "", 1, 0, true),
                        null,
                        DueFilter.BY_THE_CLOCK,
                        false,
                        false));
    }

    private Spent spent(Step step) throws Exception {
        double walBefore = walBytes();
        double serverBefore = ServerProcesses.cpuSeconds(server);
        long startedAt = System.nanoTime();
        step.run();
        double seconds = (System.nanoTime() - startedAt) / 1e9;
        return new Spent(seconds, ServerProcesses.cpuSeconds(server) - serverBefore, walBytes() - walBefore);
    }

    private double walBytes() throws SQLException {
        return Sql.number(pool, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint");
    }

    @Override
    public void close() {
        pool.close();
        postgres.close();
    }
}
