package dev.kbmigrator.memory;

import dev.kbmigrator.spi.Lease;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jspecify.annotations.Nullable;

/** Threads that contend for one name; each keeps the lease that it got last. */
public class MemoryLockOperations {

    private static final int MOST_THREADS = 8;
    private static final Duration TTL = Duration.ofMillis(10);

    private final AtomicLong clockMicros = new AtomicLong();
    private final MemoryLock lock = MemoryLock.create(clockMicros::get);
    private final @Nullable Lease[] leases = new @Nullable Lease[MOST_THREADS];

    @Operation
    public boolean acquire(@Param(gen = ThreadIdGen.class) int thread) {
        Lease lease = lock.tryAcquire("name", TTL).orElse(null);
        if (lease != null) {
            leases[thread] = lease;
        }
        return lease != null;
    }

    @Operation
    public String renew(@Param(gen = ThreadIdGen.class) int thread) {
        Lease lease = leases[thread];
        return lease == null ? "never had it" : lease.renew(TTL).toString();
    }

    @Operation
    public void release(@Param(gen = ThreadIdGen.class) int thread) {
        Lease lease = leases[thread];
        if (lease != null) {
            lease.release();
        }
    }

    @Operation
    public void letItLapse() {
        clockMicros.addAndGet(TimeUnit.NANOSECONDS.toMicros(TTL.toNanos()));
    }
}
