package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.engine.Body.Cancellation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs bodies on the host's executor, a bounded number at a time. A slot takes one body after another from the queue, so that
 * no thread changes hands for each KB, and gives its thread back when the queue is empty.
 *
 * <p>A body that does not stop when it is told to is given up after a while: its slot counts no longer, and another takes
 * its place. So many slots may be given up as there are; then nothing more is started until one of them returns.
 */
final class Slots {

    private final EngineConfig config;
    private final int size;
    private final Runnable onDry;
    private final Queue<Body> queue = new ArrayDeque<>();
    private final Set<Slot> slots = new LinkedHashSet<>();
    private final Set<Slot> extra = new LinkedHashSet<>();
    private volatile boolean closing;
    private int starting;
    private int givenUp;
    private @Nullable Rejection rejection;

    /** What the host's executor says instead of taking a task, and since when, in monotonic time. */
    record Rejection(Throwable error, long since) {}

    /** With what to call when the last body that waited is taken. */
    Slots(EngineConfig config, Runnable onDry) {
        this.config = config;
        this.onDry = onDry;
        this.size = config.kbConcurrency();
    }

    /** From here on, nothing more is started; what is queued comes back as cancelled. */
    void close() {
        closing = true;
    }

    int size() {
        return size;
    }

    /** How many bodies wait for a slot. */
    synchronized int backlog() {
        return queue.size();
    }

    /** Whether so many bodies cannot be stopped that nothing more is started. */
    synchronized boolean isExhausted() {
        return givenUp >= size;
    }

    /** Queues bodies. */
    void offer(Collection<? extends Body> bodies) {
        int wanted;
        synchronized (this) {
            queue.addAll(bodies);
            wanted = Math.min(queue.size(), size - slots.size() - starting);
            if (givenUp >= size || wanted <= 0) {
                return;
            }
            starting += wanted;
        }
        for (int i = 0; i < wanted; i++) {
            startSlot();
        }
    }

    /** Runs one body besides the others, at once. */
    void runExtra(Body body) {
        try {
            config.executor().execute(() -> {
                Slot slot = new Slot(config.surroundings());
                synchronized (this) {
                    rejection = null;
                    extra.add(slot);
                }
                body.run(slot, closing);
                synchronized (this) {
                    extra.remove(slot);
                }
            });
        } catch (RuntimeException | Error e) {
            throw rejected(e);
        }
    }

    private void startSlot() {
        try {
            config.executor().execute(this::drain);
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                starting--;
                if (!slots.isEmpty() || starting > 0) {
                    // Those that run will see to the queue
                    return;
                }
            }
            drainRejected();
            throw rejected(e);
        }
    }

    /** The host's executor takes nothing: what waits counts as not started. */
    private void drainRejected() {
        for (Body body = poll(); body != null; body = poll()) {
            body.cancel(Cancellation.CLOSING);
            body.giveUp();
        }
    }

    private synchronized RejectedExecutionException rejected(Throwable error) {
        if (rejection == null) {
            rejection = new Rejection(error, config.surroundings().nanoTime());
        }
        return new RejectedExecutionException("the host's executor takes nothing: " + error, error);
    }

    /** Since when the host's executor has taken nothing; null when it took what it was last given. */
    synchronized @Nullable Rejection rejection() {
        return rejection;
    }

    private void drain() {
        Slot slot = new Slot(config.surroundings());
        synchronized (this) {
            rejection = null;
            starting--;
            slots.add(slot);
        }
        while (!slot.isGivenUp()) {
            Body body = pollOrLeave(slot);
            if (body == null) {
                return;
            }
            body.run(slot, closing);
        }
        leave(slot);
    }

    private synchronized @Nullable Body poll() {
        return queue.poll();
    }

    private @Nullable Body pollOrLeave(Slot slot) {
        boolean ranDry;
        Body body;
        synchronized (this) {
            body = queue.poll();
            ranDry = body != null && queue.isEmpty();
            if (body == null) {
                slots.remove(slot);
            }
        }
        if (ranDry) {
            onDry.run();
        }
        return body;
    }

    private void leave(Slot slot) {
        boolean restart;
        synchronized (this) {
            if (!slots.remove(slot)) {
                givenUp--;
            }
            restart = !queue.isEmpty();
        }
        if (restart) {
            offer(List.of());
        }
    }

    private synchronized List<Slot> all() {
        List<Slot> all = new ArrayList<>(slots);
        all.addAll(extra);
        return all;
    }

    /** The slots that run something now. */
    List<Slot> busy() {
        return all().stream().filter(slot -> slot.current() != null).toList();
    }

    /** Cancels what runs and meets the condition, and interrupts it. */
    void cancel(Predicate<Body> which, Cancellation reason, boolean interrupt) {
        for (Slot slot : all()) {
            Body body = slot.current();
            if (body != null && which.test(body)) {
                body.cancel(reason);
                if (interrupt) {
                    slot.interrupt(body);
                }
            }
        }
    }

    /** Gives up a body that does not stop, and puts another slot in its place. */
    void giveUp(Slot slot, Body body) {
        if (!slot.giveUp(body)) {
            return;
        }
        synchronized (this) {
            if (slots.remove(slot)) {
                givenUp++;
            }
            extra.remove(slot);
        }
        body.giveUp();
        offer(List.of());
    }
}
