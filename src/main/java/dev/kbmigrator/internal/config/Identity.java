package dev.kbmigrator.internal.config;

/**
 * Who a replica is. A fleet without a name has an empty one.
 *
 * @param id unique to this life of the replica
 * @param node the machine that it runs on
 * @param build which build of the application it is
 * @param fleet the name of the fleet that it belongs to
 */
public record Identity(String id, String node, String build, String fleet) {}
