package dev.kbmigrator.bench;

import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.jspecify.annotations.Nullable;

/**
 * The loop that teams write by hand: under a lock of ShedLock's for each tenant it reads the tenant's version, migrates, moves
 * the version and unlocks, in four threads with a connection each.
 *
 * <p>The provider and its table are those of the project's README ("JdbcLockProvider"); it has no settings that bear on speed. The
 * lock is taken for at least no time at all ("lockAtLeastFor").
 */
final class ShedLockPeer implements Contender {

    private static final int THREADS = 4;
    private static final Duration AT_MOST = Duration.ofMinutes(1);

    private static final String LOCKS = """
            CREATE TABLE shedlock (
              name varchar(64) NOT NULL,
              lock_until timestamp NOT NULL,
              locked_at timestamp NOT NULL,
              locked_by varchar(255) NOT NULL,
              PRIMARY KEY (name)
            )
            """;

    private @Nullable DataSource pool;
    private int tenants;

    @Override
    public String name() {
        return "shedlock-loop";
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        database.dropEverything();
        this.tenants = tenants;
        DataSource pool = database.pool(THREADS);
        this.pool = pool;
        Sql.execute(
                pool,
                LOCKS,
                "CREATE TABLE tenant (id text PRIMARY KEY, version bigint NOT NULL)",
                "INSERT INTO tenant SELECT 'tenant-' || i, 0 FROM generate_series(0, " + (tenants - 1) + ") AS i",
                "VACUUM ANALYZE tenant");
    }

    @Override
    public void run() throws Exception {
        DataSource pool = pool();
        LockProvider locks = new JdbcLockProvider(pool);
        TenantThreads.run(THREADS, tenants, tenant -> migrate(pool, locks, "tenant-" + tenant));
    }

    private static void migrate(DataSource pool, LockProvider locks, String tenant) throws SQLException {
        Optional<SimpleLock> lock =
                locks.lock(new LockConfiguration(Instant.now(), "migrate-" + tenant, AT_MOST, Duration.ZERO));
        if (lock.isEmpty()) {
            return;
        }
        try {
            if (version(pool, tenant) == 0) {
                setVersion(pool, tenant, 1);
            }
        } finally {
            lock.get().unlock();
        }
    }

    private static long version(DataSource pool, String tenant) throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement select = connection.prepareStatement("SELECT version FROM tenant WHERE id = ?")) {
            select.setString(1, tenant);
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    private static void setVersion(DataSource pool, String tenant, long version) throws SQLException {
        try (Connection connection = pool.getConnection();
                PreparedStatement update = connection.prepareStatement("UPDATE tenant SET version = ? WHERE id = ?")) {
            update.setLong(1, version);
            update.setString(2, tenant);
            update.executeUpdate();
        }
    }

    @Override
    public long done() throws Exception {
        return Sql.number(pool(), "SELECT count(*) FROM tenant WHERE version = 1");
    }

    private DataSource pool() {
        return Objects.requireNonNull(pool, "not prepared");
    }

    @Override
    public void close() {}
}
