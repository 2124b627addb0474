package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanComparisonTest {

    private static Migration kbPart(long version) {
        return KbMigration.of(version, "m", (context, kbId) -> {});
    }

    private static Migration globalPart(long version) {
        return GlobalMigration.of(version, "m", context -> {});
    }

    private static PlanComparison compare(List<MigrationInfo> plan, Migration... known) {
        return PlanComparison.compare(FleetState.initial(0).extended(plan), FrozenEnvironment.catalogOf(known), "");
    }

    private static MigrationInfo planned(long version, boolean kbPart, boolean globalPart) {
        return new MigrationInfo(version, "m", kbPart, globalPart);
    }

    @Test
    void changedPartsAreNamed() {
        assertThat(compare(
                                List.of(planned(1, true, true), planned(2, true, false), planned(3, false, true)),
                                kbPart(1),
                                globalPart(2),
                                kbPart(3))
                        .problems())
                .containsExactly(
                        "0001_m has a KB part and a global part in the fleet's plan but a KB part only in this build:"
                                + " a released migration must keep its parts",
                        "0002_m has a KB part only in the fleet's plan but a global part only in this build:"
                                + " a released migration must keep its parts",
                        "0003_m has a global part only in the fleet's plan but a KB part only in this build:"
                                + " a released migration must keep its parts");
    }

    @Test
    void nothingRunsFromAnOutOfOrderMigrationOn() {
        PlanComparison comparison = compare(
                List.of(planned(1, true, false), planned(2, true, false), planned(5, true, false)),
                kbPart(1),
                kbPart(2),
                kbPart(4),
                kbPart(5),
                kbPart(6));
        assertThat(comparison.upTo()).isEqualTo(3);
        assertThat(comparison.extension()).isEmpty();
        assertThat(comparison.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("0004_m", "Give it a number above 5"));
    }

    @Test
    void onlyAKbPartThatIsGoneKeepsAKbFromGoingOn() {
        PlanComparison comparison =
                compare(List.of(planned(1, true, false), planned(2, false, true), planned(3, true, false)), kbPart(3));
        assertThat(comparison.above())
                .as("a KB at version 1 needs nothing of 2")
                .isEqualTo(1);
    }

    @Test
    void aBuildOfAnotherFleetIsAStranger() {
        FleetState orders = FleetState.initial(0).named("orders").extended(List.of(planned(1, true, false)));
        for (String other : List.of("", "users", "Orders")) {
            PlanComparison comparison =
                    PlanComparison.compare(orders, FrozenEnvironment.catalogOf(kbPart(1), kbPart(2)), other);
            assertThat(comparison.member()).isFalse();
            assertThat(comparison.agrees()).isFalse();
            assertThat(comparison.upTo()).isZero();
            assertThat(comparison.extension()).isEmpty();
            assertThat(comparison.problems()).singleElement().asString().contains("\"orders\"");
        }
        assertThat(PlanComparison.compare(orders, FrozenEnvironment.catalogOf(kbPart(1)), "orders")
                        .agrees())
                .isTrue();
    }

    @Test
    void aNamedBuildStandsByAtAFleetWithoutAName() {
        PlanComparison comparison =
                PlanComparison.compare(FleetState.initial(0), FrozenEnvironment.catalogOf(kbPart(1)), "orders");
        assertThat(comparison.problems()).isEmpty();
        assertThat(comparison.member()).isFalse();
        assertThat(comparison.standingBy())
                .hasValueSatisfying(why -> assertThat(why).contains("nameFleet(\"orders\", why)"));
        assertThat(comparison.objections()).hasSize(1);
    }
}
