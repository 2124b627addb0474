package dev.kbmigrator.internal.state;

import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What a look shows of tables that were changed by hand, or restored in part: figures that no store can have by itself. Pure. */
final class TableDamage {

    private TableDamage() {}

    /** Returns what is wrong with a snapshot in itself, a sentence each. */
    static List<String> in(Snapshot snapshot, FleetState state) {
        long highest = Math.max(state.open(), Math.max(state.registered(), state.baseline()));
        Set<Integer> wrong = new TreeSet<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            long floor = snapshot.floors().get(partition);
            // A partition without KBs may have the highest floor of all
            if (floor < 0 || (floor > highest && floor != Long.MAX_VALUE)) {
                wrong.add(partition);
            }
        }
        for (KbRecordCount count : snapshot.recordCounts()) {
            if (count.version() < 1) {
                wrong.add(count.partition());
            }
        }
        return sentence(wrong, "floors or versions are below 0 or above version " + highest + ", where no KB can be");
    }

    /** Returns what is wrong with a thorough look that comes after another look: a floor never lies above a KB without a record. */
    static List<String> between(Snapshot earlier, Snapshot thorough) {
        Set<Integer> wrong = new TreeSet<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            if (thorough.floors().get(partition) < earlier.floors().get(partition)) {
                wrong.add(partition);
            }
        }
        return sentence(wrong, "KBs are below their partition's floor, so that the usual looks do not show them");
    }

    private static List<String> sentence(Set<Integer> partitions, String what) {
        return partitions.isEmpty()
                ? List.of()
                : List.of("the tables are damaged in " + partitions.size() + " partitions (first: "
                        + partitions.iterator().next() + "): " + what
                        + ". Restore the tables from a backup, all of them from the same instant");
    }
}
