package dev.kbmigrator.internal.lease;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import org.jetbrains.lincheck.datastructures.Operation;

/** The lease keeper, the owner and the watchdog, each of which may find out that the same scope is lost. */
public class HeldScopeOperations {

    private final HeldScope held = FrozenEnvironment.held(() -> {});

    @Operation
    public boolean loseByTheDeadline() {
        return held.markLost("the deadline has passed");
    }

    @Operation
    public boolean loseByTheFence() {
        return held.markLost("another has opened a newer epoch");
    }

    @Operation
    public String why() {
        return held.lostBecause();
    }

    @Operation
    public void leaveToExpire() {
        held.leaveToExpire();
    }

    @Operation
    public boolean isRenewed() {
        return held.isRenewing();
    }

    @Operation
    public boolean isOver() {
        return held.isOver(0);
    }
}
