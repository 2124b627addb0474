package dev.kbmigrator.internal.config;

import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ReportingLock;
import dev.kbmigrator.internal.support.ReportingStore;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.Storage;

/**
 * Everything that a migrator was built with. Only the classes that put a room together take all of it; every other class takes the
 * parts that it needs.
 *
 * @param build what this replica knows by itself
 * @param storage the state store and the lock
 * @param host what the host provides
 * @param concurrency how much a replica does at a time
 * @param timings how often things happen, and how long they may take
 * @param environment time, waiting, threads and randomness
 */
public record EngineConfig(
        LocalBuild build,
        Storage storage,
        HostApplication host,
        Concurrency concurrency,
        Timings timings,
        Environment environment) {

    /** Returns the same, with a store and a lock that report how each call ends. */
    public EngineConfig reportingTo(Troubles troubles) {
        Storage reporting = new Storage(
                new ReportingStore(storage.stateStore(), troubles), new ReportingLock(storage.lock(), troubles));
        return new EngineConfig(build, reporting, host, concurrency, timings, environment);
    }

    /** Returns the state store. */
    public StateStore store() {
        return storage.stateStore();
    }
}
