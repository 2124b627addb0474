package dev.kbmigrator.simulation;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The lock service of the fleet. While there is a storm, and in some fleets for ever, it may grant a name twice; it may forget
 * all that it knows, and its clock may jump. What the service beneath answers else is held against the contract of {@link Lock}.
 */
final class LockService {

    private final World world;
    private Lock lock;
    private final Map<String, Checked> holders = new HashMap<>();
    private final SimClock clock;
    private int generation;

    LockService(World world) {
        this.world = world;
        this.clock = new SimClock(world.scheduler, 0, world.scenario.clocksAreSkewed);
        this.lock = newLock();
    }

    private long micros() {
        return clock.nanos() / 1_000;
    }

    /** Its clock is set: leases end too early, or too late. */
    void jump(long nanos) {
        world.scheduler.event("THE LOCK SERVICE'S CLOCK JUMPS", nanos / 1_000_000 + " ms");
        clock.jump(nanos);
    }

    private Lock newLock() {
        return world.mutant.lock(MemoryLock.create(this::micros));
    }

    /** Forgets every lease. */
    void forget() {
        world.scheduler.event("THE LOCK SERVICE FORGETS");
        lock = newLock();
        holders.clear();
        generation++;
    }

    Optional<Lease> tryAcquire(String name, Duration ttl) {
        long now = micros();
        Checked holder = holders.get(name);
        boolean isHeld = holder != null && holder.expires > now;
        boolean careless = world.stormy || world.scenario.grantsTwiceForEver;
        if (isHeld && careless && world.scheduler.chance(world.scenario.doubleGrants)) {
            world.scheduler.event("  GRANTED TWICE", name);
            Lock another = MemoryLock.create(this::micros);
            return another.tryAcquire(name, ttl);
        }
        Optional<Lease> lease = lock.tryAcquire(name, ttl);
        if (lease.isPresent() == isHeld) {
            world.scheduler.violate(
                    "the lock " + name + " was " + (isHeld ? "granted while it was held" : "not granted"));
        }
        return lease.map(granted -> {
            Checked checked = new Checked(granted, now + ttl.toNanos() / 1_000);
            holders.put(name, checked);
            return checked;
        });
    }

    private final class Checked implements Lease {

        private final Lease lease;
        private final int grantedIn = generation;
        private long expires;

        private Checked(Lease lease, long expires) {
            this.lease = lease;
            this.expires = expires;
        }

        private boolean isMine() {
            return holders.get(lease.name()) == this;
        }

        @Override
        public String name() {
            return lease.name();
        }

        @Override
        public Renewal renew(Duration ttl) {
            if (grantedIn != generation) {
                return Renewal.LOST;
            }
            Renewal answer = lease.renew(ttl);
            if (answer == Renewal.HELD) {
                if (!isMine()) {
                    world.scheduler.violate(
                            "a lease of " + name() + " was renewed that another had taken or that was released");
                }
                expires = micros() + ttl.toNanos() / 1_000;
            } else if (isMine() && expires > micros()) {
                world.scheduler.violate("a live lease of " + name() + " was called lost");
            }
            return answer;
        }

        @Override
        public void release() {
            if (grantedIn == generation) {
                lease.release();
                if (isMine()) {
                    holders.remove(name());
                }
            }
        }
    }
}
