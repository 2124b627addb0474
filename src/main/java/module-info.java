/**
 * Versioned data migrations over a fleet of knowledge boxes. Users begin at {@link dev.kbmigrator.Migrator}; those who bring
 * a database or a lock service of their own, at {@code dev.kbmigrator.spi}. What an adapter needs is optional at run time.
 */
// The adapters' libraries are automatic modules; only their own projects can change that
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module dev.kbmigrator {
    requires com.fasterxml.jackson.databind;
    requires com.google.common;
    requires org.slf4j;
    requires transitive java.sql;
    requires static transitive org.jspecify;
    requires static transitive curator.framework;
    requires static curator.client;
    requires static transitive net.javacrumbs.shedlock.core;
    requires static zookeeper;

    exports dev.kbmigrator;
    exports dev.kbmigrator.jdbc;
    exports dev.kbmigrator.memory;
    exports dev.kbmigrator.shedlock;
    exports dev.kbmigrator.spi;
    exports dev.kbmigrator.zookeeper;

    uses dev.kbmigrator.Migration;
}
