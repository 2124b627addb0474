package dev.kbmigrator.memory;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Holders of one partition, old and new, and a host that registers and forgets the one KB in it. */
public class MemoryStateStoreOperations {

    private static final String KB = "kb";
    private static final int PARTITION = Partitions.of(KB);

    private final MemoryStateStore store = new MemoryStateStore(() -> 0);

    public MemoryStateStoreOperations() {
        store.enroll(Set.of(KB), 0);
        store.openEpochs(Set.of(PARTITION));
    }

    @Operation
    public boolean enroll(@Param(gen = IntGen.class, conf = "0:1") int version) {
        return !store.enroll(Set.of(KB), version).isEmpty();
    }

    @Operation
    public void forget() {
        store.remove(Set.of(KB));
    }

    @Operation
    public String stored() {
        KbState kb = store.find(Set.of(KB)).get(KB);
        return kb == null ? "absent" : kb.version() + (kb.record() == null ? "" : " with an attempt");
    }

    @Operation
    public long openEpoch() {
        Map<Integer, Epoch> opened = store.openEpochs(Set.of(PARTITION));
        return opened.values().iterator().next().number();
    }

    @Operation
    public String advance(
            @Param(gen = IntGen.class, conf = "0:1") int from, @Param(gen = IntGen.class, conf = "1:2") int epoch) {
        return store.write(Set.of(new Epoch(PARTITION, epoch)), List.of(new KbWrite.Advanced(KB, 1, from, from + 1)))
                .toString();
    }

    @Operation
    public boolean raiseFloor(@Param(gen = IntGen.class, conf = "1:2") int epoch) {
        return !store.raiseFloors(Set.of(new Epoch(PARTITION, epoch)), 1).isEmpty();
    }

    @Operation
    public int due() {
        return store.page(
                        new PageQuery(Set.of(PARTITION), PageQuery.Selection.DUE, 1, DueFilter.BY_THE_CLOCK, null, 10))
                .kbs()
                .size();
    }

    @Operation
    public boolean compareAndSet(
            @Param(gen = IntGen.class, conf = "0:1") int revision, @Param(gen = IntGen.class, conf = "1:2") int epoch) {
        return store.compareAndSet("document", revision, "{}", new Epoch(PARTITION, epoch));
    }
}
