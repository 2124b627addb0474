package dev.kbmigrator.internal.config;

/**
 * How much a replica does at a time.
 *
 * @param kbs how many KBs it runs at a time, at least 1
 * @param writers how many threads write batches of KBs at a time, at least 1
 */
public record Concurrency(int kbs, int writers) {}
