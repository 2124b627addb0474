package dev.kbmigrator.spi;

/**
 * What a replica announces about itself with each look. Immutable.
 *
 * @param replicaId identifies one run of one replica, at most 100 ASCII characters; a restarted replica gets a new id
 * @param node the machine that the replica runs on, for people to read, at most 200 characters
 * @param build the build that the replica runs, for people to read, at most 200 characters
 * @param fleet the name of the fleet that the replica belongs to, at most 200 characters; empty if it has no name
 * @param newestVersion the newest version that the replica knows
 * @param baseline the version above which the replica has every migration: it can bring up no KB that is below
 * @param ready whether the replica has told its host that it may serve requests
 */
public record ReplicaInfo(
        String replicaId, String node, String build, String fleet, long newestVersion, long baseline, boolean ready) {}
