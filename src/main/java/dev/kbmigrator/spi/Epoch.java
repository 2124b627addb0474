package dev.kbmigrator.spi;

/**
 * A fencing token: a number that the state store issues for one scope. The numbers of a scope only rise. The store refuses a
 * write that carries a number other than the newest of its scope. Immutable.
 *
 * @param scope the partition, from 0 to 255, or {@link #COORDINATOR}
 * @param number the token, at least 1
 */
public record Epoch(int scope, long number) {

    /** The scope of the coordinator, the replica that holds the lock {@code migrations}. */
    public static final int COORDINATOR = Partitions.COUNT;

    /**
     * Creates an epoch.
     *
     * @param scope the partition, from 0 to 255, or {@link #COORDINATOR}
     * @param number the token, at least 1
     * @throws IllegalArgumentException if the scope or the number is out of range
     */
    public Epoch {
        if (scope < 0 || scope > COORDINATOR) {
            throw new IllegalArgumentException("scope must be a partition from 0 to 255, or " + COORDINATOR
                    + " for the coordinator, not " + scope);
        }
        if (number < 1) {
            throw new IllegalArgumentException("the number of an epoch must be at least 1, not " + number);
        }
    }
}
