package dev.kbmigrator.internal.engine;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A store that costs next to nothing, so that what is left is the engine: it lists KBs that it made beforehand, and says of every
 * write that it is done.
 */
final class InstantStore extends MemoryStateStore {

    private final List<List<KbState>> kbs;

    /** Over KBs by partition. */
    InstantStore(List<List<KbState>> kbs) {
        super(() -> System.nanoTime() / 1_000);
        this.kbs = kbs;
    }

    static List<List<KbState>> fleet(int count) {
        List<List<KbState>> kbs = new ArrayList<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            kbs.add(new ArrayList<>());
        }
        ids(count).forEach(kb -> kbs.get(Partitions.of(kb)).add(new KbState(kb, 0, null)));
        return kbs;
    }

    static List<String> ids(int count) {
        return IntStream.range(0, count).mapToObj(i -> "kb-" + i).toList();
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // what it lists never changes
    public Page page(PageQuery request) {
        List<Integer> partitions = new ArrayList<>(new TreeSet<>(request.partitions()));
        int at = 0;
        int from = 0;
        if (request.after() != null) {
            String[] position = request.after().position().split(":", 2);
            at = Integer.parseInt(position[0]);
            from = Integer.parseInt(position[1]);
        }
        List<KbState> page = new ArrayList<>(request.limit());
        for (; at < partitions.size(); at++, from = 0) {
            List<KbState> all = kbs.get(partitions.get(at));
            int to = Math.min(all.size(), from + request.limit() - page.size());
            page.addAll(all.subList(from, to));
            if (page.size() == request.limit()) {
                return new Page(page, new Cursor(at + ":" + to));
            }
        }
        return new Page(page, null);
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // nothing is written
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        return WriteResult.ALL_DONE;
    }
}
