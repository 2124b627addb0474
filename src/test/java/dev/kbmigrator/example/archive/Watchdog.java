package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Notices when a fleet makes no progress for too long. */
final class Watchdog {

    private final long limitNanos;
    private @Nullable FleetProgress last;
    private long since = System.nanoTime();

    Watchdog(long limitNanos) {
        this.limitNanos = limitNanos;
    }

    void check(FleetProgress progress) throws IOException {
        long now = System.nanoTime();
        if (!progress.equals(last)) {
            last = progress;
            since = now;
        } else if (now - since > limitNanos) {
            throw new IOException("the replicas have made no progress for " + Duration.ofNanos(limitNanos) + ": "
                    + progress.recorded() + " of " + progress.kbs() + " KBs are recorded, " + progress.verified()
                    + " verified. Run it again: what is done is kept");
        }
    }
}
