package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.databases.TestDatabase;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresqlStateStoreIT extends JdbcStateStoreContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.POSTGRESQL);
    }

    /** In one statement a row is changed once only, so that which of the two it is has to be settled before. */
    @Test
    void ofTwoWritesOfOneKbTheLaterCounts() {
        StateStore store = newStore();
        List<String> kbs = Stores.inPartition(3, 3);
        store.enroll(kbs, 0);
        Epoch epoch = Stores.epoch(store, 3);
        String first = kbs.get(0);
        String last = kbs.get(2);
        assertThat(store.write(
                        Set.of(epoch),
                        List.of(
                                new KbWrite.Advanced(last, 0, 1),
                                new KbWrite.Advanced(first, 0, 1),
                                new KbWrite.Advanced(kbs.get(1), 0, 1),
                                new KbWrite.Advanced(last, 0, 2),
                                new KbWrite.Advanced(first, 0, 3))))
                .isEqualTo(WriteResult.ALL_DONE);
        assertThat(Stores.state(store, first).version()).isEqualTo(3);
        assertThat(Stores.state(store, kbs.get(1)).version()).isEqualTo(1);
        assertThat(Stores.state(store, last).version()).isEqualTo(2);
        assertThat(store.write(
                        Set.of(epoch), List.of(new KbWrite.Advanced(first, 3, 4), new KbWrite.Advanced(first, 3, 5))))
                .isEqualTo(WriteResult.ALL_DONE);
        assertThat(Stores.state(store, first).version()).isEqualTo(5);
    }
}
