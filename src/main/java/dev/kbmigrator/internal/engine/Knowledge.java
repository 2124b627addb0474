package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigrationInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How what this build knows compares with the fleet's stored plan. Pure.
 *
 * @param upTo this build may run the plan's migrations up to this version: it knows all of them with equal names and parts,
 *     from {@code above} on
 * @param above the build no longer has the migrations up to this version, and cannot bring up a KB that is below it
 * @param extension what this build knows beyond the plan's end; empty when it does not know the whole plan
 * @param problems what does not fit, each for a person to resolve: changed, missing or out-of-order migrations
 * @param standingBy why this build cannot run the whole plan; empty when it can
 */
record Knowledge(
        long upTo, long above, List<MigrationInfo> extension, List<String> problems, Optional<String> standingBy) {

    static Knowledge compare(GlobalState state, Catalog catalog) {
        List<String> problems = new ArrayList<>();
        List<MigrationInfo> plan = state.plan();
        long newest = Plans.newest(plan, state.baseline());
        long above = state.baseline();
        long upTo = state.baseline();
        boolean whole = true;
        for (MigrationInfo planned : plan) {
            MigrationInfo known = catalog.info(planned.version());
            if (known == null && (planned.version() < catalog.oldest() || catalog.newest() == 0)) {
                above = planned.version();
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
            if (known.version() < newest && Plans.at(plan, known.version()) == null) {
                problems.add(known + " was added out of order: the fleet's plan already reaches version " + newest
                        + " without it. Give it a number above " + newest);
                upTo = Math.min(upTo, known.version() - 1);
                whole = false;
            }
        }
        List<MigrationInfo> extension = whole ? catalog.above(newest) : List.of();
        return new Knowledge(upTo, above, extension, problems, standingBy(upTo, newest, problems));
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
