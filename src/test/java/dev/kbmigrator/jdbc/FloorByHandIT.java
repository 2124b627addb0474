package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A registration in a host's transaction that overlaps a raise of the floor, on PostgreSQL, in every order of their steps. The
 * host (H) reads something, enrols, and ends its transaction; the raise (R) locks the floor, looks, updates, commits.
 */
@Timeout(120)
class FloorByHandIT {

    private static final int HOST_STEPS = 3;
    private static final int RAISE_STEPS = 4;
    private static final long OLD = 1;
    private static final long NEW = 2;

    private static HikariDataSource readCommitted;
    private static HikariDataSource repeatableRead;

    @BeforeAll
    static void open() {
        readCommitted = TestDatabase.POSTGRESQL.newDataSource();
        repeatableRead = TestDatabase.POSTGRESQL.newDataSource(
                config -> config.setTransactionIsolation("TRANSACTION_REPEATABLE_READ"));
    }

    @AfterAll
    static void close() {
        readCommitted.close();
        repeatableRead.close();
    }

    /** How one order ended. */
    private enum Ending {
        RAISED_OVER_THE_KB,
        NOT_RAISED,
        RAISED_WITHOUT_IT,
        REFUSED_TO_THE_HOST
    }

    @ParameterizedTest
    @CsvSource({"false,true", "false,false", "true,true", "true,false"})
    void noOrderLosesAKb(boolean repeatable, boolean commit) throws Exception {
        HikariDataSource dataSource = repeatable ? repeatableRead : readCommitted;
        JdbcStateStore store =
                JdbcStateStore.create(JdbcSettings.of(dataSource).withTablePrefix(commit ? "committed_" : "undone_"));
        Stores.look(store);
        Set<Ending> endings = new HashSet<>();
        List<String> orders = new ArrayList<>();
        merge("", HOST_STEPS, RAISE_STEPS, orders);
        for (int partition = 0; partition < orders.size(); partition++) {
            endings.add(new Order(dataSource, store, partition, commit).run(orders.get(partition)));
        }
        assertThat(orders).hasSize(35);
        // Otherwise the orders were not the intended ones
        assertThat(endings)
                .contains(Ending.NOT_RAISED, commit ? Ending.RAISED_OVER_THE_KB : Ending.RAISED_WITHOUT_IT)
                .matches(all -> all.contains(Ending.REFUSED_TO_THE_HOST) == repeatable);
    }

    private static void merge(String prefix, int host, int raise, List<String> orders) {
        if (host == 0 && raise == 0) {
            orders.add(prefix);
        }
        if (host > 0) {
            merge(prefix + "H", host - 1, raise, orders);
        }
        if (raise > 0) {
            merge(prefix + "R", host, raise - 1, orders);
        }
    }

    /** Both sides, in one order, over a partition of their own. */
    private static final class Order {

        private final HikariDataSource dataSource;
        private final JdbcStateStore store;
        private final int partition;
        private final String kbId;
        private final boolean commit;
        private final Steps host = new Steps();
        private final Steps raise = new Steps();
        private volatile long hostsBackend;

        Order(HikariDataSource dataSource, JdbcStateStore store, int partition, boolean commit) {
            this.dataSource = dataSource;
            this.store = store;
            this.partition = partition;
            this.kbId = Stores.inPartition(partition, 1).get(0);
            this.commit = commit;
        }

        Ending run(String order) throws Exception {
            CompletableFuture<Boolean> enrolled = Stores.async(() -> host.run(this::register));
            CompletableFuture<Set<Integer>> raised = Stores.async(() -> raise.run(this::raiseFloor));
            host.awaitFirst();
            raise.awaitFirst();
            for (int i = 0; i < order.length(); i++) {
                char side = order.charAt(i);
                (side == 'H' ? host : raise).step(side == 'H' ? this::hostWaitsForALock : () -> false);
            }
            return check(
                    order,
                    enrolled.get(20, TimeUnit.SECONDS),
                    raised.get(20, TimeUnit.SECONDS).contains(partition));
        }

        private boolean register() throws SQLException {
            try (Connection connection = dataSource.getConnection()) {
                connection.setAutoCommit(false);
                host.await();
                hostsBackend = Long.parseLong(Sql.text(connection, "SELECT pg_backend_pid()"));
                host.await();
                try {
                    assertThat(store.enroll(connection, kbId, OLD)).isTrue();
                } catch (StateStoreException e) {
                    // At its own, stricter isolation level the host has to repeat its transaction
                    assertThat(e).hasRootCauseInstanceOf(SQLException.class);
                    assertThat(e.getCause())
                            .isInstanceOfSatisfying(
                                    SQLException.class,
                                    cause -> assertThat(cause.getSQLState()).isEqualTo("40001"));
                    connection.rollback();
                    return false;
                }
                host.await();
                if (commit) {
                    connection.commit();
                } else {
                    connection.rollback();
                }
                return true;
            }
        }

        private Set<Integer> raiseFloor() {
            AtomicBoolean stepByStep = new AtomicBoolean();
            HookedDataSource.Hook hook = new HookedDataSource.Hook() {
                @Override
                public void before(String step) {
                    if (!stepByStep.get()) {
                        return;
                    }
                    if (step.startsWith("SELECT") || step.startsWith("WITH") || step.equals("commit")) {
                        raise.await();
                    }
                }
            };
            Epoch epoch = Stores.epoch(store, partition);
            JdbcSettings settings = JdbcSettings.of(HookedDataSource.over(dataSource, hook))
                    .withTablePrefix(commit ? "committed_" : "undone_")
                    .withTransactionTimeout(Duration.ofSeconds(20));
            JdbcStateStore raising = JdbcStateStore.create(settings);
            // The first contact, which looks for the tables, is none of the steps
            raising.document("none");
            stepByStep.set(true);
            return raising.raiseFloors(Set.of(epoch), NEW);
        }

        private boolean hostWaitsForALock() {
            try {
                return Sql.text(
                                dataSource,
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid = "
                                        + hostsBackend)
                        .equals("1");
            } catch (SQLException e) {
                throw new AssertionError(e);
            }
        }

        private Ending check(String order, boolean enrolled, boolean raised) {
            Snapshot look = Stores.look(store);
            assertThat(look.floors().get(partition)).as(order).isEqualTo(raised ? NEW : 0);
            boolean there = enrolled && commit;
            assertThat(store.find(Set.of(kbId)).containsKey(kbId)).as(order).isEqualTo(there);
            if (there) {
                assertThat(Stores.due(store, partition, NEW)).as(order).containsExactly(kbId);
            }
            if (there && raised) {
                assertThat(look.recordCounts())
                        .as(order)
                        .contains(new KbRecordCount(partition, NEW, 1, 0, 0, Long.MAX_VALUE, 0));
            }
            if (!enrolled) {
                return Ending.REFUSED_TO_THE_HOST;
            }
            return raised ? there ? Ending.RAISED_OVER_THE_KB : Ending.RAISED_WITHOUT_IT : Ending.NOT_RAISED;
        }
    }

    /** With "no KB is below" in the statement that raises: it reads what was visible before it waited for the floor's lock. */
    @Test
    void aRaiseInOneStatementLosesAKbForEver() throws Exception {
        JdbcStateStore store = JdbcStateStore.create(readCommitted);
        Stores.look(store);
        int partition = 7;
        String kbId = Stores.inPartition(partition, 1).get(0);
        try (Connection host = readCommitted.getConnection()) {
            host.setAutoCommit(false);
            store.enroll(host, kbId, OLD);
            CompletableFuture<Boolean> raised = Stores.async(() -> {
                Sql.execute(readCommitted, """
                        UPDATE kb_migrator_floor SET version = 2 WHERE kb_partition = 7
                          AND NOT EXISTS (SELECT 1 FROM kb_migrator_kb WHERE kb_partition = 7 AND version < 2)
                        """);
                return true;
            });
            Awaitility.await()
                    .until(() -> !Sql.text(
                                    readCommitted,
                                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
                            .equals("0"));
            host.commit();
            raised.get(20, TimeUnit.SECONDS);
        }
        Snapshot look = Stores.look(store);
        assertThat(look.floors().get(partition)).isEqualTo(NEW);
        assertThat(Stores.state(store, kbId).version()).isEqualTo(OLD);
        assertThat(look.recordCounts()).isEmpty();
        // Only the hourly thorough look would notice
        assertThat(store.look(Stores.heartbeat("test", true)).floors().get(partition))
                .isEqualTo(OLD);
    }
}
