package dev.kbmigrator.internal.config;

/**
 * Who a replica is.
 *
 * @param id unique to this life of the replica
 * @param node the machine that it runs on
 * @param build which build of the application it is
 */
public record Identity(String id, String node, String build) {}
