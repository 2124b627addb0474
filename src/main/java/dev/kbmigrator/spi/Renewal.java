package dev.kbmigrator.spi;

/** The answer to a renewal. */
public enum Renewal {
    /** The lease lives on. */
    HELD,
    /** The lease is lost, for ever. */
    LOST
}
