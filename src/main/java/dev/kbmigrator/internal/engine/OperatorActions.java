package dev.kbmigrator.internal.engine;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.PlanComparison;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.ReplicaState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators decide for the whole fleet: changes of the fleet's state and of the control document. Safe for use by many threads. */
final class OperatorActions {

    private static final Logger LOG = LoggerFactory.getLogger(OperatorActions.class);

    private final EngineConfig config;
    private final DocumentUpdate documents;
    private final Supplier<FleetView> look;
    private final Runnable wake;

    /**
     * Creates the actions.
     *
     * @param look looks at the shared state
     * @param wake tells this replica that the state has changed
     */
    OperatorActions(EngineConfig config, Supplier<FleetView> look, Runnable wake) {
        this.config = config;
        this.documents = new DocumentUpdate(config.store());
        this.look = look;
        this.wake = wake;
    }

    /**
     * Changes the fleet's state.
     *
     * @throws InvalidMigrationsException if this build belongs to another fleet
     */
    void change(UnaryOperator<FleetState> change) {
        change(documents, change);
    }

    /** Likewise, where the documents can be read and changed only in some place, such as a transaction of the host. */
    void change(DocumentUpdate where, UnaryOperator<FleetState> change) {
        changeOfAnyFleet(where, before -> {
            PlanComparison comparison = config.build().compare(before);
            if (!comparison.member()) {
                throw new InvalidMigrationsException(comparison.objections());
            }
            return change.apply(before);
        });
    }

    private void changeOfAnyFleet(DocumentUpdate where, UnaryOperator<FleetState> change) {
        DocumentUpdate.Outcome outcome = where.replace(FleetState.DOCUMENT, null, document -> {
            FleetState before = config.build().state(document);
            FleetState after = change.apply(before);
            return after.equals(before) ? Optional.empty() : Optional.of(after.toJson());
        });
        if (outcome == DocumentUpdate.Outcome.CHANGED) {
            wake.run();
        }
    }

    /** Pauses or resumes the fleet. */
    void setPaused(boolean paused, String reason) {
        String bounded = ShortText.reason(reason);
        String by = config.build().identity().id();
        documents.rebuild(ControlDocument.NAME, null, json -> ControlDocument.pause(json, paused, bounded, by));
        wake.run();
    }

    /** Withdraws the migrations of which no part has started; returns them. */
    List<MigrationInfo> abandonTarget(String reason) {
        String shown = ShortText.shown(ShortText.reason(reason), ShortText.REASON);
        List<MigrationInfo> withdrawn = new ArrayList<>();
        change(before -> {
            FleetState after = before.withdrawn();
            // Again after a conflict
            withdrawn.clear();
            withdrawn.addAll(before.plan().between(after.plan().newest(before.baseline()), Long.MAX_VALUE));
            return after;
        });
        if (withdrawn.isEmpty()) {
            LOG.atInfo().log(
                    "Nothing was withdrawn: every migration of the plan has started, or KBs may be registered at its version");
        } else {
            LOG.atWarn().log("Withdrew {} from the fleet's plan: {}", FleetState.names(withdrawn), shown);
        }
        return List.copyOf(withdrawn);
    }

    /** Raises the baseline to a version that every enrolled KB has reached, so that KBs found later start there. */
    void raiseBaseline(long version, String why) {
        String shown = ShortText.shown(ShortText.reason(why), ShortText.REASON);
        FleetView view = look.get();
        checkBaseline(view.state(), version);
        long kbVersion = view.state().kbBaselineAt(version);
        long below = config.store().count(kbVersion);
        if (below > 0) {
            List<KbState> sample = new FleetReports(config, view).below(kbVersion);
            throw new MigratorException("the baseline cannot be raised to " + version + ": " + below
                    + " enrolled KBs are below version " + kbVersion + " (for example: "
                    + ShortText.list(sample.stream().map(KbState::kbId).toList())
                    + "). Migrate them, skip the version for them with skipKb, or forget them");
        }
        refuseWhile(
                view,
                replica -> FleetView.baselineOf(replica).orElse(version) < version,
                "the baseline cannot be raised to " + version + ": some live replicas still have older migrations and"
                        + " enrol KBs at the old baseline");
        long before = view.state().baseline();
        change(state -> {
            checkBaseline(state, version);
            return state.baseline() == version ? state : state.withBaseline(version);
        });
        LOG.atWarn().log("The baseline was raised from {} to {} by {}: {}", before, version, who(), shown);
    }

    private static void checkBaseline(FleetState state, long version) {
        if (version < state.baseline() || version > state.current()) {
            throw new IllegalArgumentException(
                    "the baseline cannot be raised to " + version + ": it is " + state.baseline()
                            + ", only rises, and is at most the fleet's current version, " + state.current());
        }
    }

    /** Gives the stored fleet a name, so that builds with that name are no longer strangers. */
    void nameFleet(String name, String why) {
        String shownWhy = ShortText.shown(ShortText.reason(why), ShortText.REASON);
        String shown = ShortText.shown(name);
        FleetView view = look.get();
        refuseWhile(
                view,
                replica -> !announcedFleet(replica).map(name::equals).orElse(true),
                "the fleet cannot be named \"" + shown
                        + "\": some live replicas belong to a fleet without a name or with" + " another one");
        changeOfAnyFleet(documents, state -> state.fleet().equals(name) ? state : state.named(name));
        LOG.atWarn()
                .log(
                        "The fleet was named \"{}\" by {} (before: \"{}\"): {}",
                        shown,
                        who(),
                        ShortText.shown(view.state().fleet()),
                        shownWhy);
    }

    /** This replica need not announce what it knows of itself. */
    private Optional<String> announcedFleet(ReplicaState replica) {
        boolean own = replica.replicaId().equals(config.build().identity().id());
        return own ? Optional.of(config.build().fleet()) : FleetView.fleetOf(replica);
    }

    private void refuseWhile(FleetView view, Predicate<ReplicaState> objects, String why) {
        List<String> objecting = view.live(config.timings().recently())
                .filter(objects)
                .map(replica -> replica.replicaId() + " on " + replica.info().node())
                .limit(FleetReports.MAX_SAMPLE)
                .toList();
        if (!objecting.isEmpty()) {
            throw new MigratorException(why + ": " + ShortText.list(objecting) + ". Stop them first");
        }
    }

    private String who() {
        Identity self = config.build().identity();
        return ShortText.shown(self.id()) + " on " + ShortText.shown(self.node());
    }
}
