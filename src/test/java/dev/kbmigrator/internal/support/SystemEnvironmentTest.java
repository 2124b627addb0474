package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.support.Environment.Signal;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The real clock, threads and randomness. Whatever may wait does so in a thread of its own, so that a signal that is never seen
 * makes a test fail instead of hang.
 */
@SuppressWarnings("ThreadPriorityCheck")
class SystemEnvironmentTest {

    private static final Duration SOON = Duration.ofSeconds(2);
    private static final long AN_HOUR = TimeUnit.HOURS.toNanos(1);
    private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(20);

    private final SystemEnvironment environment = new SystemEnvironment();
    private final Signal signal = environment.newSignal();

    /** A thread, and the result of what runs in it. */
    private record Call<T>(Thread thread, CompletableFuture<T> result) {

        T value() {
            assertThat(result).succeedsWithin(SOON);
            return result.join();
        }

        void untilItWaits() {
            Awaitility.await()
                    .atMost(SOON)
                    .until(() -> thread.getState() == Thread.State.TIMED_WAITING && !thread.isInterrupted());
        }
    }

    private static <T> Call<T> inAThread(Callable<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(call.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return new Call<>(thread, result);
    }

    /** Waits; returns whether the thread is interrupted afterwards. */
    private Call<Boolean> await(long nanos) {
        return inAThread(() -> {
            signal.await(nanos);
            return Thread.currentThread().isInterrupted();
        });
    }

    private void raise() {
        inAThread(() -> {
                    signal.raise();
                    return true;
                })
                .value();
    }

    /** Returns how long it waited. */
    private long waitedFor(long nanos) {
        return inAThread(() -> {
                    long before = System.nanoTime();
                    signal.await(nanos);
                    return System.nanoTime() - before;
                })
                .value();
    }

    @Test
    void timeIsTheSystemsTime() {
        long before = System.nanoTime();
        long monotonic = environment.nanoTime();
        assertThat(monotonic - before).isNotNegative();
        assertThat(System.nanoTime() - monotonic).isNotNegative();
        Instant earlier = Instant.now();
        assertThat(environment.now()).isBetween(earlier, Instant.now());
    }

    @Test
    void randomNumbersAreAllBelowTheBound() {
        Set<Long> said = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            said.add(environment.random(3));
        }
        assertThat(said).containsExactlyInAnyOrder(0L, 1L, 2L);
    }

    @Test
    void everyNonceIsDifferent() {
        assertThat(environment.nonce()).isNotBlank().isNotEqualTo(environment.nonce());
    }

    @Test
    void aStartedTaskRunsInANamedDaemonThread() {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        environment.start("kb-migrator-test", () -> thread.complete(Thread.currentThread()));
        assertThat(thread).succeedsWithin(SOON).satisfies(started -> {
            assertThat(started.getName()).isEqualTo("kb-migrator-test");
            assertThat(started.isDaemon()).isTrue();
        });
    }

    @Test
    void theExecutorRunsAllTasksAtOnceInDaemonThreads() {
        Executor executor = environment.newExecutor();
        CyclicBarrier allThree = new CyclicBarrier(3);
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        for (int i = 0; i < 3; i++) {
            executor.execute(() -> {
                try {
                    allThree.await();
                    thread.complete(Thread.currentThread());
                } catch (Exception e) {
                    thread.completeExceptionally(e);
                }
            });
        }
        assertThat(thread).succeedsWithin(SOON).satisfies(runner -> {
            assertThat(runner.getName()).isEqualTo("kb-migrator-execution");
            assertThat(runner.isDaemon()).isTrue();
        });
    }

    /** What a thread has inherited from the one that started it. */
    private record Inherited(
            @Nullable ClassLoader loader, @Nullable String local, int priority) {}

    private static final InheritableThreadLocal<String> LOCAL = new InheritableThreadLocal<>();

    private static Inherited inherited() {
        Thread self = Thread.currentThread();
        return new Inherited(self.getContextClassLoader(), LOCAL.get(), self.getPriority());
    }

    @Test
    void itsThreadsInheritOnlyTheLoaderOfWhoCreatedIt() throws IOException {
        ClassLoader builders = getClass().getClassLoader();
        try (URLClassLoader requests = new URLClassLoader(new URL[0], builders)) {
            SystemEnvironment built = inAThread(() -> {
                        Thread.currentThread().setContextClassLoader(builders);
                        return new SystemEnvironment();
                    })
                    .value();
            Executor executor = built.newExecutor();
            List<Consumer<Runnable>> ways = List.of(task -> built.start("kb-migrator-test", task), executor::execute);
            for (Consumer<Runnable> way : ways) {
                CompletableFuture<Inherited> seen = new CompletableFuture<>();
                inAThread(() -> {
                            Thread.currentThread().setContextClassLoader(requests);
                            Thread.currentThread().setPriority(Thread.MAX_PRIORITY);
                            LOCAL.set("of a request");
                            way.accept(() -> seen.complete(inherited()));
                            return true;
                        })
                        .value();
                assertThat(seen).succeedsWithin(SOON).isEqualTo(new Inherited(builders, null, Thread.NORM_PRIORITY));
            }
        }
    }

    @Test
    void aRaiseIsRememberedUntilSomebodyHasWaited() {
        raise();
        raise();
        assertThat(await(AN_HOUR).value()).as("interrupted").isFalse();
        assertThat(waitedFor(SHORT)).as("it counts once").isGreaterThanOrEqualTo(SHORT);
    }

    @Test
    void aRaiseEndsTheCurrentWait() {
        Call<Boolean> waiting = await(AN_HOUR);
        waiting.untilItWaits();
        raise();
        assertThat(waiting.value()).as("interrupted").isFalse();
    }

    @Test
    void aWaitEndsWhenItsTimeIsUp() {
        assertThat(waitedFor(SHORT)).isGreaterThanOrEqualTo(SHORT);
        assertThat(await(0).value()).isFalse();
    }

    @Test
    void anInterruptEndsNoWaitAndIsKept() {
        Call<Boolean> waiting = await(AN_HOUR);
        waiting.untilItWaits();
        waiting.thread().interrupt();
        waiting.untilItWaits();
        assertThat(waiting.result()).isNotDone();
        raise();
        assertThat(waiting.value()).as("interrupted").isTrue();
    }

    @Test
    void aThreadOfTheHostMayBeInterrupted() {
        Call<Boolean> waiting = inAThread(() -> {
            signal.awaitInterruptibly(AN_HOUR);
            return true;
        });
        waiting.untilItWaits();
        waiting.thread().interrupt();
        assertThatThrownBy(() -> waiting.result().get(2, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
    }
}
