package dev.kbmigrator.spi;

/**
 * How many KBs of one partition have a {@link KbRecord} for one version. Immutable.
 *
 * @param partition the partition, from 0 to 255
 * @param version the version that these KBs have not reached
 * @param due how many are to be tried now, as the {@link Heartbeat} defines it
 * @param waiting how many are to be tried later
 * @param setAside how many are set aside
 * @param nextDueMicros the earliest time at which a waiting KB is due, in microseconds since 1970 by the store's clock;
 *     {@link Long#MAX_VALUE} if none is waiting
 * @param failing how many are {@linkplain KbRecord#countsAsFailing failing}
 */
public record KbRecordCount(
        int partition, long version, int due, int waiting, int setAside, long nextDueMicros, int failing) {}
