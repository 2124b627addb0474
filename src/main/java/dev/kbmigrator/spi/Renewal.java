package dev.kbmigrator.spi;

/** The result of renewing a {@link Lease}. */
public enum Renewal {
    /** The lease is still held, and was extended. */
    HELD,
    /** The lease is lost, forever. */
    LOST
}
