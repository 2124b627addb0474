package dev.kbmigrator.example.archive;

import dev.kbmigrator.spi.StateStore;

/**
 * How far the KBs of the fleet are, as its state store says.
 *
 * @param kbs how many KBs there are
 * @param recorded how many have reached version 1
 * @param verified how many have reached version 2
 */
record FleetProgress(long kbs, long recorded, long verified) {

    static FleetProgress of(long kbs, StateStore store) {
        long enrolled = store.count(Long.MAX_VALUE);
        return new FleetProgress(kbs, enrolled - store.count(1), enrolled - store.count(2));
    }

    /** Between 0 and 1. */
    double share() {
        return kbs == 0 ? 1 : Math.min(1, (recorded + verified) / (2.0 * kbs));
    }
}
