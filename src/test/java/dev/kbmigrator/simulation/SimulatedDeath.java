package dev.kbmigrator.simulation;

/** Unwinds a simulated thread that will never run again. An Error, so that no part of the engine takes it for trouble. */
final class SimulatedDeath extends Error {

    private static final long serialVersionUID = 1L;

    SimulatedDeath() {
        super("this simulated thread is dead", null, false, false);
    }
}
