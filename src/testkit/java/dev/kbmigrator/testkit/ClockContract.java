package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One clock for all: hosts whose own clocks are ahead or behind change nothing. */
@Checks(Rule.CLOCKS)
interface ClockContract extends StoreFixture {

    List<Duration> SKEWS = List.of(Duration.ofSeconds(20), Duration.ofSeconds(-20));

    @Test
    default void aFailureIsRecordedByTheOneClock() throws Exception {
        for (Duration skew : SKEWS) {
            String kbId = "kb" + skew;
            kbs().enroll(0, kbId);
            StoreDriver skewed = new StoreDriver(skewedOrSkipped(skew));
            long before = kbs().look().storeMicros();
            skewed.done(skewed.failed(kbId, 0, 1, 1, "boom", Duration.ofMinutes(90)));
            long after = kbs().look().storeMicros();
            assertThat(kbs().recorded(kbId).failedMicros())
                    .as("when a KB failed, recorded by a host whose clock is off by %s", skew)
                    .isBetween(before, after);
            assertThat(kbs().recorded(kbId).dueMicros())
                    .as("when the KB is due, recorded by a host whose clock is off by %s", skew)
                    .isBetween(before + TimeUnit.MINUTES.toMicros(90), after + TimeUnit.MINUTES.toMicros(90));
        }
    }

    @Test
    default void allHostsSeeTheSameKbsAsDue() throws Exception {
        kbs().enroll(0, "due", "waits");
        StateStore ahead = skewedOrSkipped(SKEWS.get(0));
        kbs().done(kbs().failed("due", 0, 1, 1, "boom", Duration.ZERO));
        kbs().done(kbs().failed("waits", 0, 1, 1, "boom", Duration.ofSeconds(10)));
        for (StateStore host : List.of(skewedOrSkipped(SKEWS.get(1)), ahead)) {
            List<String> listed =
                    List.copyOf(new StoreDriver(host).listed(StoreDriver.due(1, DueFilter.BY_THE_CLOCK, 10)));
            int counted = new StoreDriver(host)
                    .look().recordCounts().stream().mapToInt(KbRecordCount::due).sum();
            if (kbs().look().storeMicros() < kbs().recorded("waits").dueMicros()) {
                String which = host == ahead ? "ahead" : "behind";
                assertThat(listed)
                        .as("the KBs that a host sees as due whose clock is %s", which)
                        .containsExactly("due");
                assertThat(counted)
                        .as("how many KBs a host counts as due whose clock is %s", which)
                        .isEqualTo(1);
            }
        }
    }

    @Test
    default void replicasAreSeenByTheOneClock() throws Exception {
        for (Duration skew : SKEWS) {
            StateStore skewed = skewedOrSkipped(skew);
            String replica = "replica" + skew.toSeconds();
            long before = kbs().look().storeMicros();
            Snapshot seen = skewed.look(new Heartbeat(
                    StoreDriver.heartbeat(replica, DueFilter.BY_THE_CLOCK, false)
                            .self(),
                    "{}",
                    DueFilter.BY_THE_CLOCK,
                    false,
                    false));
            Snapshot after = kbs().look();
            assertThat(seen.storeMicros())
                    .as("the store's clock, as a host sees it whose own is off by %s", skew)
                    .isBetween(before, after.storeMicros());
            for (ReplicaState state : after.replicas()) {
                if (state.replicaId().equals(replica)) {
                    assertThat(List.of(state.firstSeenMicros(), state.lastSeenMicros()))
                            .as("when a replica was first and last seen whose host's clock is off by %s", skew)
                            .allMatch(micros -> micros >= before && micros <= after.storeMicros());
                }
            }
            assertThat(store().replicaReports())
                    .as("when a replica reported whose host's clock is off by %s", skew)
                    .filteredOn(report -> report.replicaId().equals(replica))
                    .extracting(ReplicaReport::reportedMicros)
                    .singleElement()
                    .satisfies(
                            micros -> assertThat(micros).as("when it reported").isBetween(before, after.storeMicros()));
        }
    }
}
