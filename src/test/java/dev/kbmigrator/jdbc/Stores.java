package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** Steps that many tests of the stores share. */
final class Stores {

    private Stores() {}

    static Heartbeat heartbeat(String replicaId, boolean thorough) {
        return new Heartbeat(
                new ReplicaInfo(replicaId, "host", "build", "", 1, 0, false),
                null,
                DueFilter.BY_THE_CLOCK,
                thorough,
                false);
    }

    static Snapshot look(StateStore store) {
        return store.look(heartbeat("test", false));
    }

    static List<String> inPartition(int partition, int count) {
        return Stream.iterate(0, i -> i + 1)
                .map(i -> "kb-" + i)
                .filter(id -> Partitions.of(id) == partition)
                .limit(count)
                .toList();
    }

    static Epoch epoch(StateStore store, int scope) {
        return Objects.requireNonNull(store.openEpochs(Set.of(scope)).get(scope));
    }

    static KbState state(StateStore store, String kbId) {
        return Objects.requireNonNull(store.find(Set.of(kbId)).get(kbId), kbId);
    }

    /** The KBs of one partition that a worker would find. */
    static List<String> due(StateStore store, int partition, long belowVersion) {
        PageQuery request =
                new PageQuery(Set.of(partition), Selection.DUE, belowVersion, DueFilter.BY_THE_CLOCK, null, 100);
        return store.page(request).kbs().stream().map(KbState::kbId).toList();
    }

    /** Runs a task on a thread of its own. */
    static <T> CompletableFuture<T> async(Callable<T> task) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return task.call();
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                },
                work -> new Thread(work, "test-async").start());
    }

    /** The value of a key that must be there. */
    static <K, V> V entry(Map<K, V> map, K key) {
        return Objects.requireNonNull(map.get(key));
    }

    /** A single connection for everybody, which is never closed or reset, unlike a pool's. */
    static DataSource always(Connection raw) {
        Object kept = Proxy.newProxyInstance(
                Stores.class.getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    try {
                        return method.getName().equals("close") ? null : method.invoke(raw, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return (DataSource) Proxy.newProxyInstance(
                Stores.class.getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> kept);
    }

    /** A data source that sends each call to whatever one it is to use now. */
    static DataSource routed(AtomicReference<DataSource> route) {
        return (DataSource) Proxy.newProxyInstance(
                Stores.class.getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    try {
                        return method.invoke(route.get(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
