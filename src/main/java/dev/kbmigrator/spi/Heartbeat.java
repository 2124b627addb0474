package dev.kbmigrator.spi;

/**
 * What a replica announces about itself each time it looks at the store, and how it looks. Immutable.
 *
 * @param replicaId identifies one run of one replica, at most 100 ASCII characters; a restarted replica gets a new id
 * @param node the machine that the replica runs on, for people to read, at most 200 characters
 * @param build the build that the replica runs, for people to read, at most 200 characters
 * @param newestVersion the newest version that the replica knows
 * @param ready whether the replica has told its host that it may serve requests
 * @param due which KBs with a {@link KbRecord} the snapshot counts as due
 * @param thorough whether to ignore the floors and read the KBs themselves
 */
public record Heartbeat(
        String replicaId,
        String node,
        String build,
        long newestVersion,
        boolean ready,
        DueFilter due,
        boolean thorough) {}
