package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Storage;
import javax.sql.DataSource;

/** Creates a state store and a lock in the same database. */
public final class JdbcStorage {

    private JdbcStorage() {}

    /**
     * Creates both in the database of a data source, with the default {@link JdbcSettings}.
     *
     * @param dataSource the host's data source: a pool that can spare at least five connections. A data source that hands out
     *     the connection of the caller's own transaction is refused
     * @return the storage, for {@link dev.kbmigrator.MigratorBuilder#storage}
     */
    public static Storage create(DataSource dataSource) {
        return create(JdbcSettings.of(dataSource));
    }

    /**
     * Creates both in one database.
     *
     * @param settings where the tables are
     * @return the storage, for {@link dev.kbmigrator.MigratorBuilder#storage}
     */
    public static Storage create(JdbcSettings settings) {
        // One first contact is enough for both
        Database database = new Database(settings);
        return new Storage(new JdbcStateStore(database), new JdbcLock(database));
    }
}
