package dev.kbmigrator.internal.engine;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Lock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Surroundings of one thread: while someone waits, what the test has planned happens, one thing a wait; unless that wakes who
 * waits, the time passes that it wanted to wait. What is started waits until the test runs it.
 */
final class Scripted extends Manual {

    static final String LOOP = "kb-migrator";
    static final String COORDINATOR = "kb-migrator-coordinator";
    static final String LISTING = "kb-migrator-listing";
    static final String GOODBYE = "kb-migrator-goodbye";
    static final String WORKER = "kb-migrator-worker";

    /** Nothing that ends waits so often. */
    private static final int MOST_WAITS = 30;

    /** How long everybody who waited wanted to wait at most, but for those who had been woken before. */
    final List<Duration> waits = new ArrayList<>();

    /** What the engine has started and the test has not run. */
    private final List<Started> tasks = new ArrayList<>();

    private final List<Wakeable> made = new ArrayList<>();
    private final Deque<Runnable> planned = new ArrayDeque<>();

    /** What happens while someone waits and nothing is planned. */
    Runnable otherwise = () -> {};

    /** What the machine says instead of starting a thread. */
    @Nullable
    Error noThread;

    /** What is run as soon as it is started. */
    String atOnce = "";

    Scripted() {
        // There is a time before the test
        pass(Duration.ofDays(100));
    }

    private record Started(String name, Runnable body) {}

    /** What someone waits for. */
    final class Wakeable implements Signal {

        private boolean raised;

        @Override
        public void raise() {
            raised = true;
        }

        /** Answers whether it was raised; it is not any more. */
        boolean lower() {
            boolean was = raised;
            raised = false;
            return was;
        }

        @Override
        public void await(long most) {
            if (lower()) {
                return;
            }
            waits.add(Duration.ofNanos(most));
            if (waits.size() > MOST_WAITS) {
                throw new AssertionError("someone waits again and again");
            }
            Runnable next = planned.poll();
            (next == null ? otherwise : next).run();
            if (!lower()) {
                pass(Duration.ofNanos(most));
            }
        }

        @Override
        public void awaitInterruptibly(long most) throws InterruptedException {
            throwIfInterrupted();
            await(most);
            throwIfInterrupted();
        }

        private void throwIfInterrupted() throws InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }

    /** What happens while someone waits, one thing a wait. */
    void meanwhile(Runnable... happenings) {
        planned.addAll(Arrays.asList(happenings));
    }

    /** Whether all that was planned has happened. */
    boolean isAllDone() {
        return planned.isEmpty();
    }

    /** Runs the one of that name that was started first. */
    void run(String name) {
        Started first = tasks.stream()
                .filter(task -> task.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " was started, but " + names()));
        tasks.remove(first);
        first.body().run();
    }

    /** The names of what was started and not run. */
    List<String> names() {
        return tasks.stream().map(Started::name).toList();
    }

    /** How many signals there are. */
    int signals() {
        return made.size();
    }

    /** The signals in the order in which they were made. */
    Wakeable signal(int number) {
        return made.get(number);
    }

    long micros() {
        return TimeUnit.NANOSECONDS.toMicros(nanoTime());
    }

    @Override
    public void start(String name, Runnable body) {
        if (noThread != null) {
            throw noThread;
        }
        tasks.add(new Started(name, body));
        if (name.equals(atOnce)) {
            run(name);
        }
    }

    @Override
    public synchronized Signal newSignal() {
        Wakeable signal = new Wakeable();
        made.add(signal);
        return signal;
    }

    Lock newLock() {
        return MemoryLock.create(this::micros);
    }
}
