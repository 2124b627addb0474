package dev.kbmigrator.spi;

/**
 * How many KBs of one partition have an {@link KbRecord} at one version on record.
 *
 * @param partition the partition
 * @param version the version that they have not reached
 * @param due how many are to be tried now, as the {@link Heartbeat} defines it
 * @param waiting how many are to be tried later
 * @param setAside how many were set aside
 * @param nextDueMicros when the first of those that wait is due, in microseconds since 1970 by the store's clock;
 *     {@link Long#MAX_VALUE} when none waits
 */
public record KbRecordCount(int partition, long version, int due, int waiting, int setAside, long nextDueMicros) {}
