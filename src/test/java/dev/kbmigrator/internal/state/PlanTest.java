package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {

    private static final MigrationInfo KB1 = new MigrationInfo(1, "kb", true, false);
    private static final MigrationInfo KB2 = new MigrationInfo(2, "kb", true, false);
    private static final MigrationInfo GLOBAL3 = new MigrationInfo(3, "global", false, true);
    private static final MigrationInfo ROLLOUT5 = new MigrationInfo(5, "rollout", true, false, true);
    private static final MigrationInfo BOTH6 = new MigrationInfo(6, "both", true, true);
    private static final Plan PLAN = new Plan(List.of(KB1, KB2, GLOBAL3, ROLLOUT5, BOTH6));

    @Test
    void aStageEndsWithTheFirstGlobalPart() {
        assertThat(PLAN.stageEnd(0, 6)).isEqualTo(3);
        assertThat(PLAN.stageEnd(2, 6)).isEqualTo(3);
        assertThat(new Plan(List.of(GLOBAL3, BOTH6)).stageEnd(0, 6)).isEqualTo(3);
        assertThat(PLAN.stageEnd(3, 6)).isEqualTo(6);
    }

    @Test
    void aStageEndsWithTheTarget() {
        assertThat(PLAN.stageEnd(0, 2)).isEqualTo(2);
        assertThat(PLAN.stageEnd(0, 0)).isZero();
        assertThat(PLAN.stageEnd(6, 9)).isEqualTo(6);
        assertThat(Plan.EMPTY.stageEnd(4, 9)).isEqualTo(4);
    }

    @Test
    void aStageEndsBeforeAFullRolloutUnlessItComesFirst() {
        Plan plan = new Plan(List.of(KB1, KB2, ROLLOUT5, BOTH6));
        assertThat(plan.stageEnd(0, 6)).isEqualTo(2);
        assertThat(plan.stageEnd(2, 6)).isEqualTo(6);
    }

    @Test
    void aPlanIsDividedIntoStages() {
        assertThat(PLAN.stages(0, 6))
                .extracting(stage -> stage.migrations())
                .containsExactly(List.of(KB1, KB2, GLOBAL3), List.of(ROLLOUT5, BOTH6));
        assertThat(PLAN.stages(6, 6)).isEmpty();
    }

    @Test
    void aKbsGoalIsTheLastVersionWithAKbPart() {
        assertThat(PLAN.kbGoal(0)).isZero();
        assertThat(PLAN.kbGoal(1)).isEqualTo(1);
        assertThat(PLAN.kbGoal(4)).isEqualTo(2);
        assertThat(PLAN.kbGoal(6)).isEqualTo(6);
    }

    @Test
    void aKbsNextMigrationIsTheFirstKbPartUpToTheGoal() {
        assertThat(PLAN.nextForKb(0, 6)).isEqualTo(KB1);
        assertThat(PLAN.nextForKb(1, 2)).isEqualTo(KB2);
        assertThat(PLAN.nextForKb(2, 6)).isEqualTo(ROLLOUT5);
        assertThat(PLAN.nextForKb(2, 4)).isNull();
        assertThat(PLAN.nextForKb(6, 6)).isNull();
    }

    @Test
    void betweenExcludesTheLowerEnd() {
        assertThat(PLAN.between(1, 3)).containsExactly(KB2, GLOBAL3);
        assertThat(PLAN.between(3, 3)).isEmpty();
    }

    @Test
    void aPlanKeepsItsMigrationsWhateverBecomesOfTheList() {
        List<MigrationInfo> list = new ArrayList<>(List.of(KB1));
        Plan plan = new Plan(list);
        list.clear();
        assertThat(plan.migrations()).containsExactly(KB1);
    }

    @Test
    void migrationsAreFoundByVersion() {
        assertThat(PLAN.at(3)).isEqualTo(GLOBAL3);
        assertThat(PLAN.at(4)).isNull();
        assertThat(PLAN.newest(9)).isEqualTo(6);
        assertThat(Plan.EMPTY.newest(9)).isEqualTo(9);
    }
}
