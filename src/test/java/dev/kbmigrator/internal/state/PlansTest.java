package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlansTest {

    private static final MigrationInfo KB1 = new MigrationInfo(1, "kb", true, false);
    private static final MigrationInfo KB2 = new MigrationInfo(2, "kb", true, false);
    private static final MigrationInfo GLOBAL3 = new MigrationInfo(3, "global", false, true);
    private static final MigrationInfo ROLLOUT5 = new MigrationInfo(5, "rollout", true, false, true);
    private static final MigrationInfo BOTH6 = new MigrationInfo(6, "both", true, true);
    private static final List<MigrationInfo> PLAN = List.of(KB1, KB2, GLOBAL3, ROLLOUT5, BOTH6);

    @Test
    void aStageEndsWithTheFirstGlobalPart() {
        assertThat(Plans.stageEnd(PLAN, 0, 6)).isEqualTo(3);
        assertThat(Plans.stageEnd(PLAN, 2, 6)).isEqualTo(3);
        assertThat(Plans.stageEnd(List.of(GLOBAL3, BOTH6), 0, 6)).isEqualTo(3);
        assertThat(Plans.stageEnd(PLAN, 3, 6)).isEqualTo(6);
    }

    @Test
    void aStageEndsWithTheTarget() {
        assertThat(Plans.stageEnd(PLAN, 0, 2)).isEqualTo(2);
        assertThat(Plans.stageEnd(PLAN, 0, 0)).isZero();
        assertThat(Plans.stageEnd(PLAN, 6, 9)).isEqualTo(6);
        assertThat(Plans.stageEnd(List.of(), 4, 9)).isEqualTo(4);
    }

    @Test
    void aStageEndsBeforeAFullRolloutUnlessThatComesFirst() {
        List<MigrationInfo> plan = List.of(KB1, KB2, ROLLOUT5, BOTH6);
        assertThat(Plans.stageEnd(plan, 0, 6)).isEqualTo(2);
        assertThat(Plans.stageEnd(plan, 2, 6)).isEqualTo(6);
    }

    @Test
    void thePlanFallsIntoStages() {
        assertThat(Plans.stages(PLAN, 0, 6))
                .extracting(stage -> stage.migrations())
                .containsExactly(List.of(KB1, KB2, GLOBAL3), List.of(ROLLOUT5, BOTH6));
        assertThat(Plans.stages(PLAN, 6, 6)).isEmpty();
    }

    @Test
    void aKbsGoalIsTheLastVersionWithAPartForIt() {
        assertThat(Plans.kbGoal(PLAN, 0)).isZero();
        assertThat(Plans.kbGoal(PLAN, 1)).isEqualTo(1);
        assertThat(Plans.kbGoal(PLAN, 4)).isEqualTo(2);
        assertThat(Plans.kbGoal(PLAN, 6)).isEqualTo(6);
    }

    @Test
    void aKbsNextMigrationIsTheFirstAboveItWithAPartForItUpToTheGoal() {
        assertThat(Plans.next(PLAN, 0, 6)).isEqualTo(KB1);
        assertThat(Plans.next(PLAN, 1, 2)).isEqualTo(KB2);
        assertThat(Plans.next(PLAN, 2, 6)).isEqualTo(ROLLOUT5);
        assertThat(Plans.next(PLAN, 2, 4)).isNull();
        assertThat(Plans.next(PLAN, 6, 6)).isNull();
    }

    @Test
    void betweenLeavesTheLowerEndOut() {
        assertThat(Plans.between(PLAN, 1, 3)).containsExactly(KB2, GLOBAL3);
        assertThat(Plans.between(PLAN, 3, 3)).isEmpty();
    }

    @Test
    void migrationsAreFoundByVersion() {
        assertThat(Plans.at(PLAN, 3)).isEqualTo(GLOBAL3);
        assertThat(Plans.at(PLAN, 4)).isNull();
        assertThat(Plans.newest(PLAN, 9)).isEqualTo(6);
        assertThat(Plans.newest(List.of(), 9)).isEqualTo(9);
    }
}
