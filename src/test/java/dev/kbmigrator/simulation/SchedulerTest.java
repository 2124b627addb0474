package dev.kbmigrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the scheduler says of threads that do not behave: a simulation must end even when the engine does not. */
@Timeout(60)
class SchedulerTest {

    @Test
    void aThreadThatNeverWaitsIsNamedWithItsStack() {
        Scheduler scheduler = new Scheduler(1, TimeUnit.MILLISECONDS.toNanos(200));
        AtomicBoolean enough = new AtomicBoolean();
        try {
            assertThatThrownBy(() -> scheduler.run(() -> spin(enough)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("driver#1 goes on without ever waiting")
                    .hasMessageContaining("SchedulerTest.spin");
        } finally {
            enough.set(true);
        }
    }

    private static void spin(AtomicBoolean enough) {
        while (!enough.get()) {
            Thread.onSpinWait();
        }
    }

    @Test
    void waitsWithoutEndAreAViolation() {
        Scheduler scheduler = new Scheduler(1);
        scheduler.run(() -> {
            while (true) {
                scheduler.point();
            }
        });
        assertThat(scheduler.violation()).startsWith("no end after ");
    }

    @Test
    void aThreadThatDiesIsAViolation() {
        Scheduler scheduler = new Scheduler(1);
        scheduler.run(() -> {
            scheduler.spawn(null, "other", () -> {
                throw new IllegalStateException("planted");
            });
            scheduler.sleep(1);
        });
        assertThat(scheduler.violation()).contains("a thread died of").contains("planted");
    }

    @Test
    void timeMovesOnOnlyWhenNobodyCanGoOn() {
        Scheduler scheduler = new Scheduler(1);
        long[] woken = new long[2];
        scheduler.run(() -> {
            scheduler.spawn(null, "sooner", () -> {
                scheduler.sleep(10);
                woken[0] = scheduler.now();
            });
            scheduler.sleep(25);
            woken[1] = scheduler.now();
            scheduler.stop();
        });
        assertThat(woken).containsExactly(10, 25);
        assertThat(scheduler.violation()).isNull();
    }
}
