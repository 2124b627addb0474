package dev.kbmigrator.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that go through the tenants together, each taking the next one: what a peer without workers of its own is given. */
final class TenantThreads {

    private TenantThreads() {}

    interface Task {
        void migrate(int tenant) throws Exception;
    }

    /** Ends when every tenant's task has returned; the first that fails ends it with what it threw. */
    static void run(int threads, int tenants, Task task) throws Exception {
        AtomicInteger next = new AtomicInteger();
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(executor.submit(() -> {
                    for (int tenant = next.getAndIncrement(); tenant < tenants; tenant = next.getAndIncrement()) {
                        task.migrate(tenant);
                    }
                    return null;
                }));
            }
            for (Future<?> member : running) {
                member.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a tenant was not migrated", e.getCause());
        } finally {
            executor.shutdownNow();
        }
    }
}
