package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What a replica announces about itself each time it looks at the store, and how it looks. Immutable.
 *
 * @param self who looks
 * @param report what the replica reports about its work, at most {@value ReplicaReport#MAX_BYTES} UTF-8 bytes of JSON; replaces
 *     its previous report. Null leaves the previous report as it is
 * @param due which KBs with a {@link KbRecord} the snapshot counts as due
 * @param thorough whether to ignore the floors and read the KBs themselves
 * @param observer whether to look without announcing: the store then writes nothing, and lists no replica that it did not list
 *     before
 */
public record Heartbeat(ReplicaInfo self, @Nullable String report, DueFilter due, boolean thorough, boolean observer) {}
