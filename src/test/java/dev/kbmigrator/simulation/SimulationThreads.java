package dev.kbmigrator.simulation;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/** Two threads that run simulations, numbered from 1; which thread runs a number changes nothing in it. */
final class SimulationThreads {

    private static final int THREADS = 2;

    private SimulationThreads() {}

    /** Runs one after another, up to that number, as long as there is reason to go on. */
    static void run(long last, BooleanSupplier goesOn, LongConsumer one) throws InterruptedException {
        AtomicLong number = new AtomicLong();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            threads[i] = new Thread(() -> {
                try {
                    long next = number.incrementAndGet();
                    while (next <= last && failure.get() == null && goesOn.getAsBoolean()) {
                        one.accept(next);
                        next = number.incrementAndGet();
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a simulation could not be run", failure.get());
        }
    }
}
