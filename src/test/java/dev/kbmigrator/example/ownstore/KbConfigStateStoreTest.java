package dev.kbmigrator.example.ownstore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.Writes;
import dev.kbmigrator.testkit.StateStoreContract;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;

class KbConfigStateStoreTest extends StateStoreContract {

    private static final AtomicInteger DATABASES = new AtomicInteger();

    private final JdbcConnectionPool database = JdbcConnectionPool.create(
            "jdbc:h2:mem:kb-config-" + DATABASES.incrementAndGet() + ";LOCK_TIMEOUT=30000", "sa", "");

    private final KbConfigs host = new KbConfigs(database);

    @Override
    protected StateStore newStore() throws SQLException {
        KbConfigTables.create(database);
        return newHandle();
    }

    @Override
    protected StateStore sharedWith(StateStore store) {
        return newHandle();
    }

    private StateStore newHandle() {
        return new KbConfigStateStore(database) {
            /** The contract enrols KBs that this host has never heard of, and only the host makes records. */
            @Override
            public Set<String> enroll(Collection<String> kbIds, long version) {
                host.createAbsent(kbIds);
                return super.enroll(kbIds, version);
            }
        };
    }

    /** The database alone says what time it is, so that a host with a wrong clock has a handle like any other. */
    @Override
    protected Optional<StateStore> withSkewedClock(StateStore store, Duration skew) {
        return Optional.of(newHandle());
    }

    @Override
    protected void cleanUp(StateStore store) {
        database.dispose();
    }

    @Test
    void aKbWithoutARecordIsNotEnrolled() throws SQLException {
        assertThat(new KbConfigStateStore(database).enroll(List.of("kb"), 0)).isEmpty();
        assertThat(host.read("kb")).isEmpty();
    }

    @Test
    void noWriteBringsBackARecordThatTheHostDeleted() throws SQLException {
        store().enroll(List.of("kb"), 0);
        List<KbWrite> late = List.of(Writes.advanced(store(), "kb", 0, 1));
        host.delete("kb");
        assertThat(store().write(epochs("kb"), late).exceptions()).containsEntry("kb", new WriteResult.Gone());
        assertThat(host.read("kb")).isEmpty();
        assertThat(store().count(Long.MAX_VALUE)).isZero();
    }

    @Test
    void forgettingAKbLeavesTheHostsRecord() throws SQLException {
        store().enroll(List.of("kb"), 0);
        host.rename("kb", "Accounts");
        store().remove(List.of("kb"));
        assertThat(store().find(List.of("kb"))).isEmpty();
        assertThat(host.read("kb")).containsExactly("Accounts", "{}");
    }

    @Test
    void editsOfTheTitleAndMigrationsOverlapAndNeitherIsLost() throws SQLException {
        store().enroll(List.of("kb"), 0);
        CompletableFuture<Void> edits = CompletableFuture.runAsync(() -> {
            for (int i = 1; i <= 300; i++) {
                String title = "title " + i;
                host.rename("kb", title);
                assertThat(read()).as("nobody else edits it").isEqualTo(title);
            }
        });
        long version = 0;
        while (!edits.isDone() || version < 100) {
            assertThat(advance("kb", version)).isEqualTo(WriteResult.ALL_DONE);
            version++;
        }
        edits.join();
        assertThat(host.read("kb")).containsExactly("title 300", "{}");
        assertThat(store().find(List.of("kb")))
                .containsEntry("kb", new KbState("kb", Writes.incarnation(store(), "kb"), version, null));
    }

    private String read() {
        try {
            return host.read("kb").get(0);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Collection<Epoch> epochs(String kbId) {
        return store().openEpochs(Set.of(Partitions.of(kbId))).values();
    }

    private WriteResult advance(String kbId, long from) {
        return store().write(epochs(kbId), List.of(Writes.advanced(store(), kbId, from, from + 1)));
    }
}
