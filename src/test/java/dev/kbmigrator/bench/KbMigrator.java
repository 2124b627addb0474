package dev.kbmigrator.bench;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.Objects;
import java.util.function.IntFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The library itself: one run of a replica over a fleet that is enrolled at the version before. */
class KbMigrator implements Contender {

    private static final int CONNECTIONS = 10;

    private final String name;
    private final int pending;
    private final IntFunction<Migration> migrations;
    private @Nullable DataSource pool;
    private @Nullable Migrator migrator;

    KbMigrator(String name, int pending, IntFunction<Migration> migrations) {
        this.name = name;
        this.pending = pending;
        this.migrations = migrations;
    }

    KbMigrator(String name, KbMigration.Part body) {
        this(name, 1, BenchFleet.each(body));
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        DataSource connections = database.pool(CONNECTIONS);
        pool = connections;
        if (isEmpty(connections)) {
            BenchFleet.enrol(settings(), tenants);
        }
        migrator = configured(builder(settings(), tenants)).build();
    }

    private static boolean isEmpty(DataSource pool) throws Exception {
        try (Connection connection = pool.getConnection();
                ResultSet tables = connection.getMetaData().getTables(connection.getCatalog(), null, "%", null)) {
            boolean empty = true;
            while (tables.next()) {
                empty &= !tables.getString("TABLE_NAME").equalsIgnoreCase("kb_migrator_kb");
            }
            return empty;
        }
    }

    final MigratorBuilder builder(JdbcSettings settings, int tenants) {
        return BenchFleet.migrator(settings, tenants, pending, migrations);
    }

    /** What a scenario sets besides. */
    MigratorBuilder configured(MigratorBuilder builder) {
        return builder;
    }

    final JdbcSettings settings() {
        return JdbcSettings.of(pool());
    }

    final DataSource pool() {
        return Objects.requireNonNull(pool, "not prepared");
    }

    final Migrator migrator() {
        return Objects.requireNonNull(migrator, "not prepared");
    }

    @Override
    public void run() throws Exception {
        migrator().run();
    }

    @Override
    public long done() throws Exception {
        return Sql.number(
                pool(), "SELECT count(*) FROM kb_migrator_kb WHERE version = " + (BenchFleet.BASELINE + pending));
    }

    @Override
    public void close() {
        if (migrator != null) {
            migrator.close();
        }
    }
}
