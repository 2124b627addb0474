package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;

/** A planted bug. */
enum Mutant {
    /** No bug: the protocol as it is. */
    NONE;

    /** What the store really does. */
    StateStore beneath(StateStore truth) {
        return truth;
    }

    /** What the engine of a process makes of the store. */
    StateStore above(Node node, StateStore store) {
        return store;
    }

    /** What the lock service really does. */
    Lock lock(Lock truth) {
        return truth;
    }

    /** The process. */
    Node node(World world, String name, int knows) {
        return new Node(world, name, knows);
    }
}
