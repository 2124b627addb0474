package dev.kbmigrator.spi;

/**
 * A state store and a lock over the same service, set together.
 *
 * @param stateStore where the truth is kept
 * @param lock what keeps replicas from doing the same work
 */
public record Storage(StateStore stateStore, Lock lock) {}
