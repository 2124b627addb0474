package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Storage;
import javax.sql.DataSource;

/** The state and the lock in one database. */
public final class JdbcStorage {

    private JdbcStorage() {}

    /**
     * Both in the database of a data source, with the default {@link JdbcSettings}.
     *
     * @param dataSource the host's data source; a pool with at least five connections to spare
     * @return what {@link dev.kbmigrator.MigratorBuilder#storage} takes
     */
    public static Storage create(DataSource dataSource) {
        return create(JdbcSettings.of(dataSource));
    }

    /**
     * Both in one database.
     *
     * @param settings where the tables are
     * @return what {@link dev.kbmigrator.MigratorBuilder#storage} takes
     */
    public static Storage create(JdbcSettings settings) {
        return new Storage(JdbcStateStore.create(settings), JdbcLock.create(settings));
    }
}
