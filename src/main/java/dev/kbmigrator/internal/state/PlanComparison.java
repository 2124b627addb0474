package dev.kbmigrator.internal.state;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.ShortText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How this build compares with the fleet: the migrations with the stored plan, and the name that the build gives to its fleet with
 * the stored one. Immutable.
 *
 * @param upTo the version up to which this build may run the plan: it knows all the migrations from {@code above} to here with equal
 *     names and parts
 * @param above the version up to which this build no longer has the KB parts: it cannot bring up a KB that is below it
 * @param extension the migrations of this build beyond the plan's end; empty when it does not know the whole plan
 * @param problems what does not fit, each for a person to resolve: changed, missing or out-of-order migrations
 * @param standingBy why this build cannot run the whole plan; empty when it can
 * @param member whether this build belongs to the fleet; one of another fleet changes nothing here
 */
public record PlanComparison(
        long upTo,
        long above,
        List<MigrationInfo> extension,
        List<String> problems,
        Optional<String> standingBy,
        boolean member) {

    /**
     * Compares the fleet's state with this build.
     *
     * @param fleet the name that the build gives to its fleet; empty for none
     */
    public static PlanComparison compare(FleetState state, MigrationCatalog catalog, String fleet) {
        return fleet.equals(state.fleet()) ? compare(state, catalog) : stranger(state, fleet);
    }

    /**
     * Returns whether this build may add KBs to the fleet and remove KBs from it. In a conflict, its list of KBs may be that of another
     * service.
     */
    public boolean agrees() {
        return member && problems.isEmpty();
    }

    /** Returns why this build may not register KBs, a sentence each; empty if it may. */
    public List<String> objections() {
        return member ? problems : List.of(standingBy.orElseThrow());
    }

    /** A build that gives its fleet another name than the stored one. */
    private static PlanComparison stranger(FleetState state, String fleet) {
        String stored = ShortText.shown(state.fleet());
        String own = ShortText.shown(fleet);
        if (state.fleet().isEmpty()) {
            String adopt =
                    "this build belongs to the fleet \"" + own + "\", but the stored fleet has no name yet. If it is"
                            + " this service's, nameFleet(\"" + own + "\", why) gives it the name";
            return stranger(state, List.of(), adopt);
        }
        String problem = "the tables belong to the fleet \"" + stored + "\", but this build "
                + (fleet.isEmpty() ? "names no fleet" : "belongs to the fleet \"" + own + "\"")
                + ": set fleet(\"" + stored
                + "\") if the two are one service, and give this one tables of its own if not";
        return stranger(state, List.of(problem), "conflict with the fleet: " + problem);
    }

    private static PlanComparison stranger(FleetState state, List<String> problems, String standingBy) {
        return new PlanComparison(
                state.baseline(), state.kbBaseline(), List.of(), problems, Optional.of(standingBy), false);
    }

    private static PlanComparison compare(FleetState state, MigrationCatalog catalog) {
        List<String> problems = new ArrayList<>();
        Plan plan = state.plan();
        long newest = plan.newest(state.baseline());
        long above = state.kbBaseline();
        long upTo = state.baseline();
        boolean whole = true;
        for (MigrationInfo planned : plan.migrations()) {
            MigrationCatalog.Entry entry = catalog.get(planned.version());
            MigrationInfo known = entry == null ? null : entry.info();
            if (known == null && (planned.version() < catalog.oldest() || catalog.newest() == 0)) {
                above = planned.kbPart() ? planned.version() : above;
            } else if (known == null || !isSame(known, planned)) {
                whole = false;
                if (known != null || planned.version() < catalog.newest()) {
                    problems.add(difference(planned, known));
                }
            }
            if (whole) {
                upTo = planned.version();
            }
        }
        for (MigrationInfo known : catalog.above(state.baseline())) {
            if (known.version() < newest && plan.at(known.version()) == null) {
                problems.add(known + " was added out of order: the fleet's plan already reaches version " + newest
                        + " without it. Give it a number above " + newest);
                upTo = Math.min(upTo, known.version() - 1);
                whole = false;
            }
        }
        List<MigrationInfo> extension = whole ? catalog.above(newest) : List.of();
        return new PlanComparison(upTo, above, extension, problems, standingBy(upTo, newest, problems), true);
    }

    private static boolean isSame(MigrationInfo known, MigrationInfo planned) {
        return known.name().equals(planned.name())
                && known.kbPart() == planned.kbPart()
                && known.globalPart() == planned.globalPart();
    }

    private static String difference(MigrationInfo planned, @Nullable MigrationInfo known) {
        if (known == null) {
            return "the fleet's plan has " + planned + ", which this build does not have although it has newer ones";
        }
        if (!known.name().equals(planned.name())) {
            return "version " + planned.version() + " is " + planned + " in the fleet's plan but " + known
                    + " in this build: a released migration must keep its name; give a new one a new number";
        }
        return known + " has " + parts(planned) + " in the fleet's plan but " + parts(known)
                + " in this build: a released migration must keep its parts";
    }

    private static String parts(MigrationInfo migration) {
        if (migration.kbPart() && migration.globalPart()) {
            return "a KB part and a global part";
        }
        return migration.kbPart() ? "a KB part only" : "a global part only";
    }

    private static Optional<String> standingBy(long upTo, long newest, List<String> problems) {
        if (!problems.isEmpty()) {
            return Optional.of("conflict with the fleet's plan: " + String.join("; ", problems));
        }
        if (upTo < newest) {
            return Optional.of(
                    "the fleet's plan goes up to version " + newest + ", and this build knows it up to version " + upTo
                            + ": it runs what it knows and leaves the rest to newer replicas");
        }
        return Optional.empty();
    }
}
