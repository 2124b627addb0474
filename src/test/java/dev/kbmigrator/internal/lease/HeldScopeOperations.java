package dev.kbmigrator.internal.lease;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import org.jetbrains.lincheck.datastructures.Operation;

/** The lease keeper, the owner and the slots, each of which may find out that one and the same scope is lost. */
public class HeldScopeOperations {

    private final HeldScope held = FrozenEnvironment.held(() -> {});

    @Operation
    public boolean loseByTheDeadline() {
        return held.lose("the deadline has passed");
    }

    @Operation
    public boolean loseByTheFence() {
        return held.lose("another has opened a newer epoch");
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
