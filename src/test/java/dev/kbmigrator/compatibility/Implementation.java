package dev.kbmigrator.compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An implementation of one SPI or both, and the classes that put it under the contracts.
 *
 * @param name what it is called in the matrix
 * @param stateStoreTest the class that tests its state store; null when it has none
 * @param lockTest the class that tests its lock; null when it has none
 */
record Implementation(
        String name,
        @Nullable String stateStoreTest,
        @Nullable String lockTest) {

    static final List<Implementation> ALL = List.of(
            new Implementation(
                    "postgresql", "dev.kbmigrator.jdbc.PostgresqlStateStoreIT", "dev.kbmigrator.jdbc.PostgresqlLockIT"),
            new Implementation(
                    "mariadb", "dev.kbmigrator.jdbc.MariaDbStateStoreIT", "dev.kbmigrator.jdbc.MariaDbLockIT"),
            new Implementation("h2", "dev.kbmigrator.jdbc.H2StateStoreIT", "dev.kbmigrator.jdbc.H2LockIT"),
            new Implementation("sqlite", "dev.kbmigrator.jdbc.SqliteStateStoreIT", "dev.kbmigrator.jdbc.SqliteLockIT"),
            new Implementation(
                    "memory", "dev.kbmigrator.memory.MemoryStateStoreTest", "dev.kbmigrator.memory.MemoryLockTest"),
            new Implementation("shedlock-jdbc-h2", null, "dev.kbmigrator.shedlock.H2ShedLockTest"),
            new Implementation("shedlock-jdbc-postgresql", null, "dev.kbmigrator.shedlock.PostgresShedLockIT"),
            new Implementation("shedlock-redis", null, "dev.kbmigrator.shedlock.RedisShedLockIT"),
            new Implementation("zookeeper", null, "dev.kbmigrator.zookeeper.ZooKeeperLockContractIT"),
            new Implementation("kb-config-example", "dev.kbmigrator.example.ownstore.KbConfigStateStoreTest", null));

    /** The test classes, by what they check. */
    Map<Contract, String> testClasses() {
        Map<Contract, String> classes = new LinkedHashMap<>();
        if (stateStoreTest != null) {
            classes.put(Contract.STATE_STORE, stateStoreTest);
        }
        if (lockTest != null) {
            classes.put(Contract.LOCK, lockTest);
        }
        return classes;
    }
}
