package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.spi.StateStoreException;
import org.junit.jupiter.api.Test;

/** The order of the rows of a page. */
class PostgresPageSqlTest {

    /** A page's cursor is its last KB: rows out of order would lose others. */
    @Test
    void aListOutOfOrderIsRefused() {
        assertThat(PostgresPageSql.inOrder(0, 7)).isEqualTo(7);
        assertThat(PostgresPageSql.inOrder(7, 7)).isEqualTo(7);
        assertThatThrownBy(() -> PostgresPageSql.inOrder(7, 6))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("partition 6 after 7");
        String[] kbIds = {"kb-1", "kb-2", "kb-3"};
        Long[] incarnations = {5L, 6L, 7L};
        Long[] versions = {1L, 1L, 1L};
        assertThat(PostgresPageSql.withoutRecords(new Integer[] {6, 7, 7}, kbIds, incarnations, versions))
                .hasSize(3);
        assertThatThrownBy(() -> PostgresPageSql.withoutRecords(new Integer[] {6, 7, 6}, kbIds, incarnations, versions))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("partition 6 after 7");
    }
}
