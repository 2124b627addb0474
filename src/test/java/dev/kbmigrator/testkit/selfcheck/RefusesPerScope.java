package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** A correct store that commits partition by partition, as one over a key-value store would. */
final class RefusesPerScope extends MemoryStateStore {

    RefusesPerScope(LongSupplier clock) {
        super(clock);
    }

    @Override
    public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
        Set<Integer> stale = new HashSet<>();
        Map<String, WriteResult.NotDone> exceptions = new HashMap<>();
        writes.stream()
                .collect(Collectors.groupingBy(write -> Partitions.of(write.kbId())))
                .forEach((partition, part) -> {
                    List<Epoch> epochs = carried.stream()
                            .filter(epoch -> epoch.scope() == partition)
                            .toList();
                    WriteResult result = super.write(epochs, part);
                    stale.addAll(result.staleScopes());
                    exceptions.putAll(result.exceptions());
                });
        return new WriteResult(stale, exceptions);
    }
}
