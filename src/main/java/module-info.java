/**
 * Runs versioned data migrations on all knowledge boxes (KBs) of a service. Start at {@link dev.kbmigrator.Migrator}; to
 * bring your own database or lock service, start at {@code dev.kbmigrator.spi}. The libraries that only an adapter needs are
 * optional: a module that uses the adapter requires them itself.
 */
// The adapters' libraries are automatic modules, and only their own projects can change that
@SuppressWarnings("requires-automatic")
module dev.kbmigrator {
    requires com.fasterxml.jackson.databind;
    requires com.google.common;
    requires org.slf4j;
    requires transitive java.sql;

    // Never transitive: a host's module would then need them, even to compile
    requires static org.jspecify;
    requires static curator.framework;
    requires static curator.client;
    requires static net.javacrumbs.shedlock.core;
    requires static zookeeper;

    exports dev.kbmigrator;
    exports dev.kbmigrator.jdbc;
    exports dev.kbmigrator.memory;
    exports dev.kbmigrator.shedlock;
    exports dev.kbmigrator.spi;
    exports dev.kbmigrator.zookeeper;

    uses dev.kbmigrator.Migration;
}
