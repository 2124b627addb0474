package dev.kbmigrator.bench;

import dev.kbmigrator.support.Sql;
import java.util.Objects;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/**
 * Flyway with a schema a tenant, four schemas at a time. Every schema has its history table, at version 0, before the measured
 * time begins, so that what is measured is one migration and not the founding of a tenant.
 *
 * <p>The settings are documented on pages of their own in Redgate's Flyway reference (documentation.red-gate.com/fd, "Flyway
 * Namespace"): the migration is handed over ("Java-based migrations": an instance of {@code JavaMigration}) and there is no
 * location, so that no class path is scanned ("Locations"); what was applied is not validated again ("Validate On Migrate").
 */
final class FlywayPeer implements Contender {

    private static final int THREADS = 4;
    private static final int CONNECTIONS_A_RUN = 3;

    private @Nullable DataSource pool;
    private int tenants;

    @Override
    public String name() {
        return "flyway";
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        database.dropEverything();
        this.tenants = tenants;
        DataSource pool = database.pool(THREADS * CONNECTIONS_A_RUN);
        this.pool = pool;
        TenantThreads.run(
                THREADS, tenants, tenant -> flyway(pool, tenant).load().baseline());
    }

    @Override
    public void run() throws Exception {
        DataSource pool = pool();
        TenantThreads.run(
                THREADS, tenants, tenant -> flyway(pool, tenant).load().migrate());
    }

    private static FluentConfiguration flyway(DataSource pool, int tenant) {
        return Flyway.configure()
                .dataSource(pool)
                .schemas(schema(tenant))
                .locations(new String[0])
                .javaMigrations(new NoOp())
                .baselineVersion("0")
                .validateOnMigrate(false);
    }

    private static String schema(int tenant) {
        return "tenant_" + tenant;
    }

    @Override
    public long done() throws Exception {
        long done = 0;
        for (int tenant = 0; tenant < tenants; tenant++) {
            done += Sql.number(
                    pool(),
                    "SELECT count(*) FROM " + schema(tenant)
                            + ".flyway_schema_history WHERE version = '1' AND success");
        }
        return done;
    }

    private DataSource pool() {
        return Objects.requireNonNull(pool, "not prepared");
    }

    @Override
    public void close() {}

    private static final class NoOp implements JavaMigration {

        @Override
        public MigrationVersion getVersion() {
            return MigrationVersion.fromVersion("1");
        }

        @Override
        public String getDescription() {
            return "no op";
        }

        @Override
        public @Nullable Integer getChecksum() {
            return null;
        }

        @Override
        public boolean canExecuteInTransaction() {
            return true;
        }

        @Override
        public void migrate(Context context) {}
    }
}
