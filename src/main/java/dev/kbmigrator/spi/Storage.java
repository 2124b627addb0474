package dev.kbmigrator.spi;

/**
 * A state store and a lock over the same service, configured together.
 *
 * @param stateStore keeps the state of the fleet and of every KB
 * @param lock keeps replicas from doing the same work at the same time
 */
public record Storage(StateStore stateStore, Lock lock) {}
