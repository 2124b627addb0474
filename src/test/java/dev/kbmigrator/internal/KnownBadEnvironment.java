package dev.kbmigrator.internal;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * Breaks the rule that only {@code SystemEnvironment} touches time, threads and chance, once in each method.
 * {@code ArchitectureTest} expects every method here to be reported; nothing ever runs one.
 */
@SuppressWarnings({"unused", "ThreadPriorityCheck", "WaitNotInLoop", "FutureReturnValueIgnored"})
final class KnownBadEnvironment {

    long readsTheTicker() {
        return System.nanoTime();
    }

    LongSupplier handsOutTheWallClock() {
        return System::currentTimeMillis;
    }

    Instant readsTheWallClock() {
        return Instant.now();
    }

    void sleeps() throws InterruptedException {
        Thread.sleep(1);
    }

    void startsAThread() {
        new Thread(() -> {}).start();
    }

    synchronized void waits() throws InterruptedException {
        wait(1);
    }

    void awaitsALatch() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    int drawsFromTheThread() {
        return ThreadLocalRandom.current().nextInt();
    }

    int drawsFromItsOwn() {
        return new Random().nextInt();
    }

    void shufflesByChance(List<String> list) {
        Collections.shuffle(list);
    }

    UUID drawsANonce() {
        return UUID.randomUUID();
    }

    void makesAnExecutor() {
        Executors.newCachedThreadPool().shutdown();
    }

    void runsOnTheCommonPool() {
        CompletableFuture.runAsync(() -> {});
    }
}
