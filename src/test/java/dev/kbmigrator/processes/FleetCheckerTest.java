package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.processes.FleetChecker.Findings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A checker that finds nothing proves nothing: each kind of wrong is shown to it once. */
class FleetCheckerTest {

    private final List<StartedPart> log = new ArrayList<>();

    private void ran(String kb, long version, long epoch) {
        log.add(new StartedPart(log.size() + 1, kb, version, "replica", epoch, 0));
    }

    private Findings check(Map<String, Long> kbs, Map<String, Long> state, long target) {
        return new FleetChecker(log, kbs, Map.of("deleted", 1_000L), state, target).findings();
    }

    private void bothKbsRunThreeVersions() {
        for (long version = 1; version <= 3; version++) {
            ran("kb-a", version, 1);
            ran("kb-b", version, 1);
        }
        ran(StartedPart.GLOBAL, 3, 1);
    }

    @Test
    void aFleetThatDidEverythingOnceIsFine() {
        bothKbsRunThreeVersions();
        Findings findings = check(Map.of("kb-a", 0L, "kb-b", 0L), Map.of("kb-a", 3L, "kb-b", 3L), 3);
        assertThat(findings.isSafe()).isTrue();
        assertThat(findings.repeated()).isEmpty();
    }

    @Test
    void aKbBehindTheTargetIsLost() {
        bothKbsRunThreeVersions();
        assertThat(check(Map.of("kb-a", 0L, "kb-b", 0L), Map.of("kb-a", 3L, "kb-b", 2L), 3)
                        .lost())
                .hasSize(1);
    }

    @Test
    void aKbThatIsNotEnrolledIsLost() {
        bothKbsRunThreeVersions();
        assertThat(check(Map.of("kb-a", 0L, "kb-b", 0L), Map.of("kb-a", 3L), 3).lost())
                .hasSize(1);
    }

    @Test
    void aKbThatNobodyHasCreatedIsLost() {
        assertThat(check(Map.of(), Map.of("kb-a", 0L), 0).lost()).containsExactly("kb-a is not the host's");
    }

    @Test
    void aDeletedKbThatIsKnownHasReturned() {
        assertThat(check(Map.of(), Map.of("deleted", 0L), 0).returned()).hasSize(1);
    }

    @Test
    void aPartOfADeletedKbThatBeginsLongAfterwardsHasReturned() {
        log.add(new StartedPart(1, "deleted", 1, "replica", 1, 1_500));
        assertThat(check(Map.of(), Map.of(), 0).isSafe()).isTrue();
        log.add(new StartedPart(2, "deleted", 2, "replica", 1, 60_000));
        assertThat(check(Map.of(), Map.of(), 0).returned()).hasSize(1);
    }

    @Test
    void aVersionThatAKbSkippedIsLost() {
        ran("kb-a", 1, 1);
        ran("kb-a", 3, 1);
        ran(StartedPart.GLOBAL, 3, 1);
        assertThat(check(Map.of("kb-a", 0L), Map.of("kb-a", 3L), 3).lost()).containsExactly("kb-a never ran 2");
    }

    @Test
    void aGlobalPartThatNeverRanIsLost() {
        ran("kb-a", 1, 1);
        ran("kb-a", 2, 1);
        ran("kb-a", 3, 1);
        assertThat(check(Map.of("kb-a", 0L), Map.of("kb-a", 3L), 3).lost()).hasSize(1);
    }

    @Test
    void aVersionThatRunsAgainUnderANewerTokenIsLowered() {
        ran("kb-a", 1, 1);
        ran("kb-a", 2, 1);
        ran("kb-a", 1, 2);
        assertThat(check(Map.of("kb-a", 0L), Map.of("kb-a", 2L), 2).lowered()).hasSize(1);
    }

    @Test
    void aReplicaThatWakesUpLateUnderItsOldTokenLowersNothing() {
        ran("kb-a", 1, 1);
        ran("kb-a", 1, 2);
        ran("kb-a", 2, 2);
        ran("kb-a", 1, 1);
        assertThat(check(Map.of("kb-a", 0L), Map.of("kb-a", 2L), 2).isSafe()).isTrue();
    }

    @Test
    void aVersionThatTheKbWasCreatedAtIsNotToBeRun() {
        ran("kb-a", 2, 1);
        assertThat(check(Map.of("kb-a", 2L), Map.of("kb-a", 2L), 2).lowered()).hasSize(1);
    }

    @Test
    void aKbBehindTheBarrierBeforeTheGlobalPartIsDisordered() {
        bothKbsRunThreeVersions();
        log.add(0, new StartedPart(0, "kb-a", 4, "replica", 1, 0));
        ran("kb-b", 4, 1);
        assertThat(check(Map.of("kb-a", 0L, "kb-b", 0L), Map.of("kb-a", 4L, "kb-b", 4L), 4)
                        .disordered())
                .hasSize(1);
    }

    @Test
    void aGlobalPartBeforeTheLastKbIsDisordered() {
        ran("kb-a", 1, 1);
        ran("kb-a", 2, 1);
        ran(StartedPart.GLOBAL, 3, 1);
        ran("kb-a", 3, 1);
        assertThat(check(Map.of("kb-a", 0L), Map.of("kb-a", 3L), 3).disordered())
                .hasSize(1);
    }

    @Test
    void aKbThatIsEnrolledBehindTheFleetMayRunAfterTheGlobalPart() {
        bothKbsRunThreeVersions();
        ran("late", 1, 1);
        ran("late", 2, 1);
        ran("late", 3, 1);
        assertThat(check(Map.of("kb-a", 0L, "kb-b", 0L, "late", 0L), Map.of("kb-a", 3L, "kb-b", 3L, "late", 3L), 3)
                        .isSafe())
                .isTrue();
    }
}
