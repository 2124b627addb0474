package dev.kbmigrator.processes;

/**
 * A line of the host's log: a part began.
 *
 * @param id its place in the log
 * @param kb the KB; {@link #GLOBAL} for a global part
 * @param version the migration
 * @param replica who
 * @param epoch the fencing token
 * @param startedAt when, in milliseconds since 1970 by the machine that all replicas share
 */
record StartedPart(long id, String kb, long version, String replica, long epoch, long startedAt) {

    /** Stands for the KB in a global part's line. */
    static final String GLOBAL = "*";
}
