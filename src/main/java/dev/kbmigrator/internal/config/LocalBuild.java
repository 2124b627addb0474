package dev.kbmigrator.internal.config;

import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.state.PlanComparison;
import dev.kbmigrator.spi.Document;
import org.jspecify.annotations.Nullable;

/**
 * What this replica knows by itself, without looking at the shared state.
 *
 * @param identity who it is
 * @param catalog the migrations of its build
 * @param baseline the version at which its build adopts a fleet that has no state yet
 * @param fleet the name that its build gives to its fleet; empty for none
 */
public record LocalBuild(Identity identity, MigrationCatalog catalog, long baseline, String fleet) {

    /** Returns how a look is interpreted for this build. */
    public FleetView.Reader reader(Timings timings) {
        return new FleetView.Reader(catalog, baseline, fleet, timings.backoff().longest());
    }

    /** Returns the fleet's state as a document says it. */
    public FleetState state(@Nullable Document document) {
        return FleetState.read(document, baseline, fleet);
    }

    /** Compares the fleet's state with this build. */
    public PlanComparison compare(FleetState state) {
        return PlanComparison.compare(state, catalog, fleet);
    }

    /**
     * Returns the version above which this build has every migration, so that it can bring up every KB that is at least there; a build
     * without migrations can bring up none.
     */
    public long knownAbove() {
        return catalog.newest() == 0 ? Long.MAX_VALUE : Math.max(baseline, catalog.oldest() - 1);
    }
}
