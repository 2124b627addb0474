package dev.kbmigrator.spi;

/**
 * How a replica announces itself with every look.
 *
 * @param replicaId unique to this life of this replica, at most 100 ASCII characters
 * @param node the machine that it runs on, for people to read, at most 200 characters
 * @param build which build it is, for people to read, at most 200 characters
 * @param newestVersion the newest version that it knows
 * @param ready whether it told its host that it may serve requests
 * @param due which attempts on record count as due in the answer
 * @param thorough whether to ignore the floors, and to look at the KBs themselves
 */
public record Heartbeat(
        String replicaId,
        String node,
        String build,
        long newestVersion,
        boolean ready,
        DueFilter due,
        boolean thorough) {}
