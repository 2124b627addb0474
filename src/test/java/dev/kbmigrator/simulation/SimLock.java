package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The lock service as one process sees it: behind a {@link SimConnection}, and now and then it grants what is not its to grant. */
final class SimLock implements Lock {

    private final Node node;
    private final World world;
    private final SimConnection wire;

    /** The latest lease of each name that this process got. */
    final Map<String, SimLease> leases = new HashMap<>();

    SimLock(Node node) {
        this.node = node;
        this.world = node.world;
        this.wire = new SimConnection(node);
    }

    private <T> T call(java.util.function.Supplier<T> effect, String what, Object... details) {
        return wire.call(world.lockFaults(), effect, what, details);
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        long sentAt = node.nanoTime();
        return call(() -> world.locks.tryAcquire(name, ttl), "acquire", name).map(lease -> keep(lease, sentAt));
    }

    private Lease keep(Lease lease, long sentAt) {
        SimLease mine = new SimLease(lease, sentAt);
        leases.put(lease.name(), mine);
        world.scheduler.current().granted.put(lease.name(), mine);
        return mine;
    }

    @Override
    public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
        long sentAt = node.nanoTime();
        Map<String, Lease> answers = call(
                () -> {
                    Map<String, Lease> granted = new LinkedHashMap<>();
                    for (String name : new TreeSet<>(names)) {
                        world.locks.tryAcquire(name, ttl).ifPresent(lease -> granted.put(name, lease));
                    }
                    return granted;
                },
                "acquireAll",
                new TreeSet<>(names).toString());
        Map<String, Lease> mine = new LinkedHashMap<>();
        answers.forEach((name, lease) -> mine.put(name, keep(lease, sentAt)));
        return mine;
    }

    @Override
    public Map<String, Renewal> renewAll(Collection<? extends Lease> toRenew, Duration ttl) {
        long sentAt = node.nanoTime();
        Map<String, Renewal> answers = call(
                () -> {
                    Map<String, Renewal> renewals = new LinkedHashMap<>();
                    toRenew.forEach(lease -> renewals.put(lease.name(), ((SimLease) lease).lease.renew(ttl)));
                    return renewals;
                },
                "renewAll",
                toRenew.stream().map(Lease::name).toList().toString());
        for (Lease lease : toRenew) {
            if (answers.get(lease.name()) == Renewal.HELD) {
                ((SimLease) lease).sentAt = sentAt;
            } else if (answers.get(lease.name()) == Renewal.LOST) {
                ((SimLease) lease).lost = true;
            }
        }
        return answers;
    }

    @Override
    public void releaseAll(Collection<? extends Lease> toRelease) {
        toRelease.forEach(lease -> world.migrations.checkReleased(node, (SimLease) lease));
        call(
                () -> {
                    toRelease.forEach(lease -> ((SimLease) lease).lease.release());
                    return true;
                },
                "releaseAll",
                toRelease.stream().map(Lease::name).toList().toString());
        toRelease.forEach(lease -> ((SimLease) lease).released = true);
    }

    /** A lease of this process. */
    final class SimLease implements Lease {

        private final Lease lease;

        /** When, by the process's clock, the last request was sent that was answered with HELD. */
        long sentAt;

        /** The epoch that was opened under it; 0 before. */
        long token;

        boolean released;

        /** Whether a renewal was answered with LOST. */
        boolean lost;

        private SimLease(Lease lease, long sentAt) {
            this.lease = lease;
            this.sentAt = sentAt;
        }

        @Override
        public String name() {
            return lease.name();
        }

        @Override
        public Renewal renew(Duration ttl) {
            return renewAll(java.util.List.of(this), ttl).get(name());
        }

        @Override
        public void release() {
            releaseAll(java.util.List.of(this));
        }
    }
}
