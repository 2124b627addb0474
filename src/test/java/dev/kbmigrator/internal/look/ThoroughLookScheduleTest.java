package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThoroughLookScheduleTest {

    private static final String ID = "replica";
    private static final Duration RECENTLY = Duration.ofSeconds(10);
    private static final Duration STEP = Duration.ofMillis(500);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration TWO_HOURS = Duration.ofHours(2);

    private final ManualEnvironment environment = new ManualEnvironment();

    private ThoroughLookSchedule newSchedule() {
        return new ThoroughLookSchedule(ID, RECENTLY, environment);
    }

    private FleetView view(long current, int partitionsBelow) {
        ReplicaState self = new ReplicaState(
                new ReplicaInfo(ID, "node", "build", "", 1, 0, true), 0, FrozenEnvironment.STORE_MICROS);
        return environment.view(1, current, FrozenEnvironment.floors(partitionsBelow), List.of(), List.of(self));
    }

    /** Returns how long after one that showed so many partitions the next one is due. */
    private Duration nextAfter(ThoroughLookSchedule looks, long current, int partitionsBelow) {
        looks.showed(view(current, partitionsBelow));
        for (Duration passed = Duration.ZERO; passed.compareTo(TWO_HOURS) < 0; passed = passed.plus(STEP)) {
            if (looks.isDue(view(1, 0), environment.nanoTime())) {
                return passed;
            }
            environment.pass(STEP);
        }
        throw new AssertionError("never due");
    }

    @Test
    void theyRepeatAtOnceWhileThereIsLessToDoAndThenMoreSlowly() {
        ThoroughLookSchedule looks = newSchedule();
        environment.pass(HOUR);
        assertThat(looks.isDue(view(1, 0), environment.nanoTime())).isTrue();
        assertThat(nextAfter(looks, 1, 200)).as("some found").isZero();
        assertThat(nextAfter(looks, 1, 199)).as("one less").isZero();
        assertThat(nextAfter(looks, 1, 199)).as("as many").isEqualTo(Duration.ofSeconds(1));
        assertThat(nextAfter(looks, 1, 201)).as("more").isEqualTo(Duration.ofSeconds(2));
        assertThat(nextAfter(looks, 1, 201)).isEqualTo(Duration.ofSeconds(4));
        assertThat(nextAfter(looks, 1, 200)).as("less again").isZero();
        assertThat(nextAfter(looks, 1, 200)).isEqualTo(Duration.ofSeconds(1));
        for (int seconds = 2; seconds < HOUR.toSeconds(); seconds *= 2) {
            assertThat(nextAfter(looks, 1, 200)).isEqualTo(Duration.ofSeconds(seconds));
        }
        assertThat(nextAfter(looks, 1, 200)).as("no less often than usual").isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 200)).isEqualTo(HOUR);
    }

    @Test
    void whenNothingIsFoundTheNextComesInAnHour() {
        ThoroughLookSchedule looks = newSchedule();
        assertThat(nextAfter(looks, 1, 0)).isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 1)).as("one found").isZero();
        assertThat(nextAfter(looks, 1, 0)).as("none left").isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 1)).as("another").isZero();
    }

    @Test
    void whileATargetIsUnfinishedKbsBelowItAreExpected() {
        assertThat(nextAfter(newSchedule(), 0, 100)).isEqualTo(HOUR);
    }

    @Test
    void aReplicaThatDoesNotMakeThemKeepsItsTurn() {
        ThoroughLookSchedule looks = newSchedule();
        environment.pass(HOUR);
        FleetView withoutThisReplica = environment.view(1, 0, FrozenEnvironment.floors(0), List.of(), List.of());
        assertThat(looks.isDue(withoutThisReplica, environment.nanoTime())).isFalse();
        assertThat(looks.isDue(view(1, 0), environment.nanoTime())).isTrue();
    }
}
