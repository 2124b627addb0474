package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.engine.Body.Cancellation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
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
    /** Bodies are put in under this monitor, so that no slot leaves in that moment; they are taken without it. */
    private final Queue<Body> queue = new ConcurrentLinkedQueue<>();

    private final AtomicInteger backlog = new AtomicInteger();
    private final Set<Slot> slots = new LinkedHashSet<>();
    private final Set<Slot> extra = new LinkedHashSet<>();
    private volatile boolean closing;
    private volatile boolean paused;
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

    /** While paused, nothing is started; what is queued comes back as cancelled. */
    void pause(boolean whether) {
        paused = whether;
    }

    private boolean isHalted() {
        return closing || paused;
    }

    int size() {
        return size;
    }

    /** How many bodies wait for a slot. */
    int backlog() {
        return backlog.get();
    }

    /** Whether so many bodies cannot be stopped that nothing more is started. */
    synchronized boolean isExhausted() {
        return givenUp >= size;
    }

    /** Queues bodies; when nothing more is started, they come back as not started, so that others can have them. */
    void offer(Collection<? extends Body> bodies) {
        int wanted;
        synchronized (this) {
            backlog.addAndGet(bodies.size());
            queue.addAll(bodies);
            wanted = isExhausted() ? 0 : Math.min(backlog.get(), size - slots.size() - starting);
            starting += Math.max(0, wanted);
        }
        for (int i = 0; i < wanted; i++) {
            startSlot();
        }
        if (isExhausted()) {
            handBack();
        }
    }

    private void handBack() {
        for (Body body = poll(); body != null; body = poll()) {
            body.giveUp();
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
                body.run(slot, this::isHalted);
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
            body.run(slot, this::isHalted);
        }
        leave(slot);
    }

    private @Nullable Body poll() {
        Body body = queue.poll();
        if (body != null) {
            backlog.decrementAndGet();
        }
        return body;
    }

    private @Nullable Body pollOrLeave(Slot slot) {
        Body body = queue.poll();
        if (body == null) {
            synchronized (this) {
                body = queue.poll();
                if (body == null) {
                    slots.remove(slot);
                }
            }
        }
        if (body != null && backlog.decrementAndGet() == 0) {
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
