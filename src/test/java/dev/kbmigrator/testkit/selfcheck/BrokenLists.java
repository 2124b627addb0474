package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/** Stores that each take no more than a batch of one list. */
final class BrokenLists {

    private BrokenLists() {}

    /** A correct store with small batches. */
    static class SmallBatches extends MemoryStateStore {

        SmallBatches(LongSupplier clock) {
            super(clock);
        }

        @Override
        public int maxBatch() {
            return 16;
        }

        <T> List<T> cut(Collection<T> list) {
            return list.stream().limit(maxBatch()).toList();
        }
    }

    static final class EnrollsOneBatch extends SmallBatches {
        EnrollsOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            return super.enroll(cut(kbIds), version);
        }
    }

    /** Enrols all, batch by batch, and returns what the last batch enrolled. */
    static final class ReportsTheLastBatch extends SmallBatches {
        ReportsTheLastBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            List<String> all = new ArrayList<>(kbIds);
            Set<String> last = Set.of();
            for (int from = 0; from < all.size(); from += maxBatch()) {
                last = super.enroll(all.subList(from, Math.min(all.size(), from + maxBatch())), version);
            }
            return last;
        }
    }

    static final class FindsOneBatch extends SmallBatches {
        FindsOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            return super.find(cut(kbIds));
        }
    }

    static final class RemovesOneBatch extends SmallBatches {
        RemovesOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized void remove(Collection<String> kbIds) {
            super.remove(cut(kbIds));
        }
    }

    static final class ListsOneBatch extends SmallBatches {
        ListsOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Page page(PageQuery request) {
            Page page = super.page(request);
            return new Page(cut(page.kbs()), page.next());
        }
    }

    static final class OpensOneBatch extends SmallBatches {
        OpensOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            return super.openEpochs(new HashSet<>(cut(scopes)));
        }
    }

    static final class RaisesOneBatch extends SmallBatches {
        RaisesOneBatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
            return super.raiseFloors(cut(carried), version);
        }
    }

    static final class ListsOneBatchOfDocuments extends SmallBatches {
        ListsOneBatchOfDocuments(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized List<Document> documents(String prefix) {
            return cut(super.documents(prefix));
        }
    }
}
