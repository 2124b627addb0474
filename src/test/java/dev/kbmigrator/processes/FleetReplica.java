package dev.kbmigrator.processes;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStateStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A replica of a small host: its KBs and its log in tables of its own, its migrations from one of the {@link Releases}. */
final class FleetReplica implements AutoCloseable {

    private static final Duration FIRST_BACKOFF = Duration.ofMillis(200);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(2);
    private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(2);
    private static final int HOST_CONNECTIONS = 6;

    private final ReplicaSettings settings;
    private final HikariDataSource hostPool;
    private final HikariDataSource statePool;
    private final Migrator migrator;

    FleetReplica(ReplicaSettings settings, Consumer<String> events) {
        this.settings = settings;
        this.hostPool = settings.database().pool(HOST_CONNECTIONS);
        this.statePool = settings.database().pool(settings.poolSize());
        JdbcSettings state = JdbcSettings.of(statePool).withTransactionTimeout(TRANSACTION_TIMEOUT);
        JdbcStateStore store = JdbcStateStore.create(state);
        this.migrator = Migrator.builder()
                .migrations(Migrations.of(Releases.migrations(settings.release(), canOverlap(), this::work)))
                .storage(
                        settings.haltAt() == 0 ? store : HaltingStore.of(store, settings.haltAt()),
                        settings.lock(state))
                .service(JdbcStateStore.class, store)
                .knowledgeBoxes(new HostList())
                .leaseTtl(settings.ttl())
                .lookInterval(settings.look(), settings.look())
                .listingInterval(settings.listing())
                .backoff(FIRST_BACKOFF, LONGEST_BACKOFF)
                .kbConcurrency(settings.concurrency())
                .buildId(settings.release())
                .listener(listener(events))
                .build();
    }

    /** Whether the log can be written while a migration's transaction is open: not on SQLite, which has one writer at a time. */
    private boolean canOverlap() {
        return !settings.database().url().startsWith("jdbc:sqlite");
    }

    private static MigratorListener listener(Consumer<String> events) {
        return new MigratorListener() {
            @Override
            public void standingBy(String reason) {
                events.accept("standing-by " + reason);
            }

            @Override
            public void versionReached(long version) {
                events.accept("reached " + version);
            }
        };
    }

    /** The host's list, and its word on single KBs. */
    private final class HostList implements KnowledgeBoxes {
        @Override
        public Stream<String> ids() throws SQLException {
            return HostTables.listed(hostPool).stream();
        }

        @Override
        public Collection<String> existing(Collection<String> kbIds) throws SQLException {
            return HostTables.existing(hostPool, kbIds);
        }
    }

    private void work(MigrationContext context) throws SQLException, InterruptedException {
        HostTables.log(hostPool, context, settings.name());
        Pauses.of(settings.work());
        context.checkCancelled();
    }

    Migrator migrator() {
        return migrator;
    }

    /** Creates a KB, and registers it in the same transaction; not before the first look, which makes the library's tables. */
    void create(String kbId) throws SQLException, InterruptedException {
        // Not ready() alone: a replica in a conflict never is, and its registration is to be refused
        String unseen = "no look at the shared state has succeeded yet";
        while (migrator.readiness().reason().filter(unseen::equals).isPresent()) {
            Pauses.of(Duration.ofMillis(10));
        }
        try (Connection connection = statePool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                migrator.registerKb(connection, kbId);
                HostTables.addKb(connection, kbId, Releases.newest(settings.release()));
                connection.commit();
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    /** Deletes a KB, then has it forgotten; one that dies in between leaves it to the listings. */
    void delete(String kbId) throws SQLException {
        HostTables.deleteKb(hostPool, kbId);
        migrator.forgetKb(kbId);
    }

    /** Takes connections out of the pool that the library uses, as a host that leaks them would, and gives them back later. */
    void hog(Duration time) throws InterruptedException {
        List<Connection> taken = new ArrayList<>();
        try {
            while (taken.size() < settings.poolSize()) {
                taken.add(statePool.getConnection());
            }
            Pauses.of(time);
        } catch (SQLException e) {
            // The pool is exhausted already
            Pauses.of(time);
        } finally {
            for (Connection connection : taken) {
                giveBack(connection);
            }
        }
    }

    private static void giveBack(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // Broken meanwhile: the pool replaces it
        }
    }

    /** Closes within the time. */
    void close(Duration timeout) {
        migrator.close(timeout);
        statePool.close();
        hostPool.close();
    }

    @Override
    public void close() {
        close(Duration.ofSeconds(10));
    }
}
