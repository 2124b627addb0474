package dev.kbmigrator.bench;

import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.TransactionalKbMigration;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** What the library is given to do in the scenarios that are more than a no-op. The pauses stand for a host's work. */
final class Scenarios {

    private Scenarios() {}

    /** (b), with one thread that writes. */
    static final class OneWriter extends KbMigrator {

        OneWriter() {
            super("b-one-writer", BenchFleet.NO_OP);
        }

        @Override
        MigratorBuilder configured(MigratorBuilder builder) {
            return builder.storeConcurrency(1);
        }
    }

    /** (d): 20 ms of waiting per KB. The replica has migrated a fleet before, so that all classes are loaded. */
    static final class Waiting extends KbMigrator {

        private static final int WARM_UP_KBS = 2_000;

        Waiting() {
            super("d", (context, kbId) -> TimeUnit.MILLISECONDS.sleep(20));
        }

        @Override
        public void prepare(BenchDatabase database, int tenants) throws Exception {
            super.prepare(database, tenants);
            JdbcSettings settings =
                    settings().withTablePrefix("warm" + ProcessHandle.current().pid() + "_");
            BenchFleet.enrol(settings, WARM_UP_KBS);
            BenchFleet.run(BenchFleet.migrator(settings, WARM_UP_KBS, 1, BenchFleet.each(BenchFleet.NO_OP)));
        }
    }

    /** (e): one KB in a hundred fails. */
    static final class Failing extends KbMigrator {

        private long failed;

        Failing() {
            super("e", (context, kbId) -> {
                // By its end: to parse a number for each of a million KBs would be work that (b) does not do
                if (kbId.endsWith("00")) {
                    throw new IllegalStateException("one in a hundred");
                }
            });
        }

        @Override
        public void run() {
            try {
                migrator().run();
            } catch (MigrationFailedException e) {
                failed = e.report().failureCount();
            }
        }

        @Override
        public long done() throws Exception {
            return super.done() + failed;
        }
    }

    /** (f): one KB takes ten seconds; when were the others done? */
    static final class OneSlow extends KbMigrator implements Reporting {

        private final LongAdder others = new LongAdder();
        private volatile long startedAt;
        private volatile long lastAt;

        OneSlow() {
            super("f", (context, kbId) -> {
                if (BenchFleet.number(kbId) == 0) {
                    TimeUnit.SECONDS.sleep(10);
                }
            });
        }

        @Override
        MigratorBuilder configured(MigratorBuilder builder) {
            return builder.listener(new MigratorListener() {
                @Override
                public void kbMigrated(String kbId, long version) {
                    if (BenchFleet.number(kbId) != 0) {
                        others.increment();
                        lastAt = System.nanoTime();
                    }
                }
            });
        }

        @Override
        public void run() throws Exception {
            startedAt = System.nanoTime();
            super.run();
        }

        @Override
        public Map<String, Double> figures() {
            return Map.of("others", (double) others.sum(), "others_seconds", (lastAt - startedAt) / 1e9);
        }
    }

    /** (g): a checkpoint every 10 ms. */
    static final class Checkpointing extends KbMigrator implements Reporting {

        private static final int CHECKPOINTS = 20;
        private static final LongAdder NANOS = new LongAdder();
        private static final LongAdder SAVED = new LongAdder();

        Checkpointing() {
            super("g", Checkpointing::migrate);
        }

        private static void migrate(MigrationContext context, String kbId) throws InterruptedException {
            for (int i = 0; i < CHECKPOINTS; i++) {
                TimeUnit.MILLISECONDS.sleep(10);
                long before = System.nanoTime();
                context.saveCheckpoint(i);
                NANOS.add(System.nanoTime() - before);
                SAVED.increment();
            }
        }

        @Override
        public Map<String, Double> figures() {
            return Map.of(
                    "checkpoints", (double) SAVED.sum(), "checkpoint_milliseconds", NANOS.sum() / 1e6 / SAVED.sum());
        }
    }

    /** (h): each KB writes a row of the host's in the library's transaction. */
    static final class Transactional extends KbMigrator {

        Transactional() {
            super("h", 1, WritesARow::new);
        }

        @Override
        public void prepare(BenchDatabase database, int tenants) throws Exception {
            super.prepare(database, tenants);
            Sql.execute(pool(), "CREATE TABLE host_note (kb_id text PRIMARY KEY, note text NOT NULL)");
        }

        private record WritesARow(long version) implements TransactionalKbMigration {

            @Override
            public String name() {
                return "benchmark_" + version;
            }

            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws SQLException {
                try (PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO host_note (kb_id, note) VALUES (?, 'migrated')")) {
                    insert.setString(1, kbId);
                    insert.executeUpdate();
                }
            }
        }
    }

    /** (i): the host's whole list, enrolled for the first time. */
    static final class FirstEnrolment implements Contender {

        private @Nullable DataSource pool;
        private int kbs;

        @Override
        public String name() {
            return "i";
        }

        @Override
        public void prepare(BenchDatabase database, int tenants) {
            kbs = tenants;
            pool = database.pool(10);
        }

        @Override
        public void run() {
            BenchFleet.enrol(JdbcSettings.of(pool()), kbs);
        }

        private DataSource pool() {
            return Objects.requireNonNull(pool, "not prepared");
        }

        @Override
        public long done() throws SQLException {
            return Sql.number(pool(), "SELECT count(*) FROM kb_migrator_kb");
        }

        @Override
        public void close() {}
    }
}
