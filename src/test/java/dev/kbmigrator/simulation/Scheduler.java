package dev.kbmigrator.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/**
 * Runs simulated threads one at a time, in virtual time.
 *
 * <ol>
 *   <li>A thread runs until it comes to a point at which others may go on: a wait, a call to the outside, a step of a migration.
 *   <li>There the next one is drawn among those that could run; it gets the turn, and the first one waits for its own.
 *   <li>When none could run, time moves on to the first instant at which one can.
 * </ol>
 *
 * <p>All that is drawn comes from one generator, so the seed decides everything. Nothing here is synchronized: handing over
 * the turn orders all memory accesses.
 */
final class Scheduler {

    private static final long MOST_STEPS = 150_000;
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** In real time: longer than any pause of the machine. */
    private static final long MOST_NANOS_A_TURN = TimeUnit.SECONDS.toNanos(60);

    final SplittableRandom random;
    final Trace trace = new Trace();
    private final List<Task> tasks = new ArrayList<>();
    private final Thread main = Thread.currentThread();
    private volatile boolean mainTurn;
    private Task current;
    private int lastId;
    private long now;
    private long steps;

    /** Counts what {@link #steps} does, for the main thread to see that there is some. */
    private volatile long turns;

    private boolean unwinding;
    private String violation;
    private Predicate<String> expectedErrors = error -> false;
    private final long mostNanosATurn;

    Scheduler(long seed) {
        this(seed, MOST_NANOS_A_TURN);
    }

    /** With how long a thread may go on without waiting, in real time. */
    Scheduler(long seed, long mostNanosATurn) {
        this.random = new SplittableRandom(seed);
        this.mostNanosATurn = mostNanosATurn;
    }

    /** Runs it, and all that it starts, until the simulation is stopped; then ends what still lives. */
    void run(Runnable root) {
        spawn(null, "driver", root);
        current = pick();
        if (current != null) {
            current.thread().giveTurn();
            waitForMainTurn();
        }
        unwinding = true;
        for (int i = 0; i < tasks.size(); i++) {
            Task task = tasks.get(i);
            if (!task.finished) {
                current = task;
                task.thread().giveTurn();
                waitForMainTurn();
            }
        }
    }

    private void waitForMainTurn() {
        long seen = turns;
        long since = System.nanoTime();
        while (!mainTurn) {
            LockSupport.parkNanos(this, Math.min(WATCH_NANOS, mostNanosATurn));
            if (seen != turns) {
                seen = turns;
                since = System.nanoTime();
            } else if (!mainTurn && System.nanoTime() - since > mostNanosATurn) {
                Task task = current;
                throw new AssertionError(task + " goes on without ever waiting, after " + steps + " steps, at "
                        + List.of(task.thread().getStackTrace()));
            }
        }
        mainTurn = false;
    }

    private void resumeMain() {
        mainTurn = true;
        LockSupport.unpark(main);
    }

    Task spawn(Node node, String name, Runnable body) {
        Task task = new Task(++lastId, name, node, body);
        PoolThread.lendTo(task, this);
        tasks.add(task);
        return task;
    }

    /** On the pool's thread, when the task first has its turn. */
    void runTask(Task task) {
        try {
            if (!unwinding) {
                task.body.run();
            }
        } catch (SimulatedDeath e) {
            // As meant
        } catch (Throwable e) {
            report("a thread died of " + e + " at "
                    + List.of(e.getStackTrace()).subList(0, Math.min(8, e.getStackTrace().length)));
        }
    }

    /** The task has ended: says how to go on. */
    Runnable finish(Task task) {
        task.finished = true;
        if (unwinding) {
            return this::resumeMain;
        }
        tasks.remove(task);
        Task next = violation == null ? pick() : null;
        if (next == null) {
            return this::resumeMain;
        }
        current = next;
        return () -> next.thread().giveTurn();
    }

    /** Draws the next one; null when the simulation is to stop. */
    private Task pick() {
        turns = ++steps;
        if (steps > MOST_STEPS) {
            report("no end after " + MOST_STEPS + " steps");
            return null;
        }
        while (true) {
            Task chosen = null;
            int runnable = 0;
            long next = Long.MAX_VALUE;
            for (Task task : tasks) {
                if (task.isRunnable(now)) {
                    runnable++;
                    if (runnable == 1 || random.nextInt(runnable) == 0) {
                        chosen = task;
                    }
                } else {
                    next = Math.min(next, task.wakesBy());
                }
            }
            if (chosen != null) {
                return chosen;
            }
            if (next == Long.MAX_VALUE) {
                report("every thread waits for ever");
                return null;
            }
            now = next;
        }
    }

    /** Others may go on. */
    void point() {
        sleep(0);
    }

    void sleep(long nanos) {
        wait(null, nanos, false);
    }

    /** Like {@link Thread#sleep}. */
    void sleepInterruptibly(long nanos) throws InterruptedException {
        wait(null, nanos, true);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    void await(SimSignal signal, long nanos) {
        wait(signal, nanos, false);
        signal.raised = false;
    }

    void awaitInterruptibly(SimSignal signal, long nanos) throws InterruptedException {
        wait(signal, nanos, true);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        signal.raised = false;
    }

    private void wait(SimSignal signal, long nanos, boolean interruptible) {
        Task self = current;
        checkAlive();
        self.wakeAt = nanos <= 0 ? now : now + Math.min(nanos, Long.MAX_VALUE - now - 1);
        self.signal = signal;
        self.interruptible = interruptible;
        self.thread().keepInterrupt();
        Task next = violation == null ? pick() : null;
        if (next == null) {
            stop();
        }
        current = next;
        next.thread().giveTurn();
        self.thread().waitForTurn();
        self.signal = null;
        self.interruptible = false;
        checkAlive();
    }

    /** Ends the thread that runs if it is not to run any more. */
    void checkAlive() {
        if (unwinding || (current.node != null && current.node.dead)) {
            throw new SimulatedDeath();
        }
    }

    boolean isAlive() {
        return !unwinding && (current.node == null || !current.node.dead);
    }

    /** Ends the simulation. Never returns. */
    void stop() {
        Task self = current;
        if (!unwinding) {
            resumeMain();
            self.thread().waitForTurn();
        }
        throw new SimulatedDeath();
    }

    /** Ends the simulation because of a violation. Never returns. */
    void violate(String what) {
        report(what);
        stop();
    }

    /** Error lines of the library's that are no violation. */
    void expectError(Predicate<String> expected) {
        expectedErrors = expected;
    }

    /** The library has logged an error, in the thread that runs: what its user should never see. */
    void errorLogged(String message) {
        if (isAlive() && !expectedErrors.test(message)) {
            report("an error was logged: " + message);
        }
    }

    private void report(String what) {
        if (violation == null && !unwinding) {
            violation = what;
            trace.add(now, current, "VIOLATION", what);
        }
    }

    String violation() {
        return violation;
    }

    void event(String what, Object... details) {
        if (!unwinding) {
            trace.add(now, current, what, details);
        }
    }

    Task current() {
        return current;
    }

    List<Task> tasks() {
        return tasks;
    }

    long now() {
        return now;
    }

    long steps() {
        return steps;
    }

    boolean chance(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    /** A duration drawn evenly, in nanoseconds. */
    long millis(long least, long most) {
        return random.nextLong(least * 1_000_000, most * 1_000_000 + 1);
    }
}
