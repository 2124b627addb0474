package dev.kbmigrator.spi;

/**
 * A fencing token: a number that the state store minted for one scope, and that only rises. A write that carries an older
 * number than the store's newest for that scope is refused.
 *
 * @param scope the partition, from 0 to 255, or {@link #COORDINATOR}
 * @param number the token, at least 1
 */
public record Epoch(int scope, long number) {

    /** The scope of the replica that coordinates the fleet: the holder of the lock {@code migrations}. */
    public static final int COORDINATOR = Partitions.COUNT;

    /**
     * Checks the ranges.
     *
     * @param scope the partition, from 0 to 255, or {@link #COORDINATOR}
     * @param number the token, at least 1
     */
    public Epoch {
        if (scope < 0 || scope > COORDINATOR) {
            throw new IllegalArgumentException("scope must be a partition from 0 to 255, or " + COORDINATOR
                    + " for the coordinator, not " + scope);
        }
        if (number < 1) {
            throw new IllegalArgumentException("an epoch's number is at least 1, not " + number);
        }
    }
}
