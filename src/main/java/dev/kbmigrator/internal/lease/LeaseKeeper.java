package dev.kbmigrator.internal.lease;

import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.Storage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Acquires scopes, keeps their leases alive, and tells their owners when one is lost. Safe for use by many threads.
 *
 * <ol>
 *   <li>To acquire a scope it takes the lock first and opens the epoch second, so that what is read afterwards can no longer be changed
 *       by an earlier holder.
 *   <li>Every third of the ttl it renews all leases, in a thread of its own; after a renewal whose outcome is unknown, it tries again
 *       sooner.
 *   <li>A lease's deadline is monotonic time, read <em>before</em> the request was sent, plus two thirds of the ttl. A second thread,
 *       which never does I/O, watches the deadlines.
 *   <li>At the deadline, or when a renewal returns LOST, the scope is lost forever. Its owner is told, stops what runs under it, and
 *       waits until that is quiet before it lets go of the lease.
 * </ol>
 *
 * <p>The threads live while there is something to keep or to watch.
 */
public final class LeaseKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Storage storage;
    private final Duration ttl;
    private final Environment environment;
    private final BooleanSupplier watchdog;
    private final ServiceOutage lockOutage;
    private final Environment.Signal renewSignal;
    private final Environment.Signal watchSignal;
    private final Set<HeldScope> kept = new LinkedHashSet<>();
    private boolean renewing;
    private boolean watching;

    /**
     * Creates a keeper that holds nothing yet.
     *
     * @param watchdog what else the watching thread is to check each time; returns whether it still has something to watch
     */
    public LeaseKeeper(Storage storage, Duration ttl, Environment environment, BooleanSupplier watchdog) {
        this.storage = storage;
        this.ttl = ttl;
        this.environment = environment;
        this.watchdog = watchdog;
        this.lockOutage = new ServiceOutage(environment);
        this.renewSignal = environment.newSignal();
        this.watchSignal = environment.newSignal();
    }

    /** Returns whether the lock service responds. */
    public ServiceOutage lockOutage() {
        return lockOutage;
    }

    /**
     * Tries to acquire one scope, and renews it from then on.
     *
     * @param onLost what to call when it is lost
     * @return the scope; empty when it is held elsewhere
     */
    public Optional<HeldScope> acquire(int scope, Consumer<HeldScope> onLost) {
        long deadline = deadlineOfRequestSentNow();
        Optional<Lease> lease = lockOutage.watch(() -> storage.lock().tryAcquire(HeldScope.lockName(scope), ttl));
        return lease.map(one -> hold(Map.of(scope, one), deadline, onLost).get(scope));
    }

    /**
     * Tries to acquire scopes together, and renews them from then on.
     *
     * @param onLost what to call when one of them is lost
     * @return those that were acquired; the others are held elsewhere
     */
    public Map<Integer, HeldScope> acquire(Set<Integer> scopes, Consumer<HeldScope> onLost) {
        Map<String, Integer> names = new HashMap<>();
        scopes.forEach(scope -> names.put(HeldScope.lockName(scope), scope));
        long deadline = deadlineOfRequestSentNow();
        Map<String, Lease> acquired = lockOutage.watch(() -> storage.lock().tryAcquireAll(names.keySet(), ttl));
        Map<Integer, Lease> leases = new TreeMap<>();
        acquired.forEach((name, lease) -> leases.put(Objects.requireNonNull(names.get(name)), lease));
        return leases.isEmpty() ? Map.of() : hold(leases, deadline, onLost);
    }

    /** Opens the epochs of scopes whose leases were acquired. */
    private Map<Integer, HeldScope> hold(Map<Integer, Lease> leases, long deadline, Consumer<HeldScope> onLost) {
        Map<Integer, HeldScope> held = new TreeMap<>();
        try {
            Map<Integer, Epoch> epochs = storage.stateStore().openEpochs(leases.keySet());
            leases.forEach((scope, lease) -> {
                Epoch epoch = Objects.requireNonNull(epochs.get(scope));
                held.put(scope, new HeldScope(lease, epoch, deadline, onLost));
            });
        } catch (RuntimeException e) {
            releaseQuietly(leases.values());
            throw e;
        }
        if (deadline - environment.nanoTime() <= 0) {
            LOG.atInfo()
                    .addKeyValue("leases", leases.size())
                    .log("Released {} leases again: opening their epochs took longer than they last", leases.size());
            releaseQuietly(leases.values());
            return Map.of();
        }
        held.values().forEach(this::keep);
        return held;
    }

    /** Returns the deadline of a lease whose request is sent after this call. */
    private long deadlineOfRequestSentNow() {
        return environment.nanoTime() + ttl.toNanos() / 3 * 2;
    }

    /** Renews it from now on. */
    private void keep(HeldScope scope) {
        boolean startRenewing;
        boolean startWatching;
        synchronized (this) {
            kept.add(scope);
            startRenewing = !renewing;
            startWatching = !watching;
            renewing = true;
            watching = true;
        }
        if (startRenewing) {
            environment.start("kb-migrator-leases", this::renewLoop);
        }
        if (startWatching) {
            environment.start("kb-migrator-watch", this::watchLoop);
        }
    }

    /** Releases scopes. Nothing may run under them any more. */
    public void release(Collection<HeldScope> quiet) {
        synchronized (this) {
            kept.removeAll(quiet);
        }
        releaseQuietly(quiet.stream().map(HeldScope::lease).toList());
        wakeIfIdle();
    }

    /** Stops renewing a scope without a call: its lease expires by itself. */
    public synchronized void leaveToExpire(HeldScope scope) {
        kept.remove(scope);
    }

    /** Releases leases; one that cannot be released expires by itself. */
    private void releaseQuietly(Collection<? extends Lease> leases) {
        if (leases.isEmpty()) {
            return;
        }
        try {
            storage.lock().releaseAll(leases);
        } catch (RuntimeException | Error e) {
            LOG.atInfo().setCause(e).log("{} leases could not be released; they will expire", leases.size());
        }
    }

    /** Marks a scope as lost, and tells its owner; returns whether it was held until now. */
    public boolean lose(HeldScope scope, String reason) {
        boolean first = scope.markLost(reason);
        synchronized (this) {
            kept.remove(scope);
        }
        if (first) {
            scope.tellOwner();
        }
        return first;
    }

    private synchronized List<HeldScope> toRenew() {
        return kept.stream().filter(HeldScope::isRenewing).toList();
    }

    private synchronized boolean isKept(HeldScope scope) {
        return kept.contains(scope);
    }

    private synchronized List<HeldScope> all() {
        return new ArrayList<>(kept);
    }

    private void wakeIfIdle() {
        if (all().isEmpty()) {
            renewSignal.raise();
            watchSignal.raise();
        }
    }

    private void renewLoop() {
        long wait = ttl.toNanos() / 3;
        while (true) {
            renewSignal.await(wait);
            synchronized (this) {
                if (kept.isEmpty()) {
                    renewing = false;
                    return;
                }
            }
            wait = renewAll() ? ttl.toNanos() / 3 : ttl.toNanos() / 12;
        }
    }

    /** Renews everything once; returns whether every outcome is known. */
    private boolean renewAll() {
        List<HeldScope> due = toRenew();
        if (due.isEmpty()) {
            return true;
        }
        long deadline = deadlineOfRequestSentNow();
        Map<String, Renewal> results;
        try {
            results = storage.lock().renewAll(due.stream().map(HeldScope::lease).toList(), ttl);
        } catch (RuntimeException | Error e) {
            LOG.atWarn()
                    .setCause(e)
                    .log(
                            "{} leases could not be renewed: {}",
                            due.size(),
                            ShortText.shown(String.valueOf(e.getMessage()), ShortText.ERROR));
            return false;
        }
        boolean known = true;
        List<HeldScope> lost = new ArrayList<>();
        for (HeldScope scope : due) {
            Renewal result = results.get(scope.lease().name());
            if (result == Renewal.HELD) {
                scope.extend(deadline);
            } else if (result == Renewal.LOST) {
                lost.add(scope);
            } else {
                known = false;
            }
        }
        loseAll(lost, "taken over by another replica, or expired");
        return known;
    }

    /** Logs one line for everything that is lost at once, such as after a long pause of the process. */
    private void loseAll(List<HeldScope> candidates, String reason) {
        List<String> names = new ArrayList<>();
        for (HeldScope scope : candidates) {
            String name = scope.lease().name();
            // One that was released while its renewal was under way is not lost
            if (isKept(scope) && lose(scope, "the lease " + name + " was " + reason)) {
                names.add(name);
            }
        }
        if (!names.isEmpty()) {
            LOG.atWarn()
                    .addKeyValue("leases", names.size())
                    .addKeyValue("first", names.get(0))
                    .log("Lost {} leases (first: {}): {}", names.size(), names.get(0), reason);
        }
    }

    private void watchLoop() {
        while (true) {
            watchSignal.await(Math.max(1_000_000, ttl.toNanos() / 24));
            watchDeadlines();
            boolean busy = watchdog.getAsBoolean();
            synchronized (this) {
                if (kept.isEmpty() && !busy) {
                    watching = false;
                    return;
                }
            }
        }
    }

    private void watchDeadlines() {
        long now = environment.nanoTime();
        List<HeldScope> over =
                all().stream().filter(scope -> now - scope.deadline() >= 0).toList();
        loseAll(over, "not renewed in time");
    }
}
