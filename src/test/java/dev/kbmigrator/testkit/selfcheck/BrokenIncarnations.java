package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Stores that each get one thing wrong about KBs that are removed and enrolled again. */
final class BrokenIncarnations {

    private BrokenIncarnations() {}

    /** Writes to whatever KB has the id, if the write is of a kind. */
    abstract static class Careless extends MemoryStateStore {

        private final Predicate<KbWrite> ignored;

        Careless(LongSupplier clock, Predicate<KbWrite> ignored) {
            super(clock);
            this.ignored = ignored;
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            return super.write(
                    carried,
                    writes.stream()
                            .map(write -> ignored.test(write) ? meantFor(stored(write), write) : write)
                            .toList());
        }

        private long stored(KbWrite write) {
            KbState kb = find(List.of(write.kbId())).get(write.kbId());
            return kb == null ? write.incarnation() : kb.incarnation();
        }
    }

    static KbWrite meantFor(long incarnation, KbWrite write) {
        if (write instanceof KbWrite.Advanced advanced) {
            return new KbWrite.Advanced(advanced.kbId(), incarnation, advanced.from(), advanced.to());
        }
        if (write instanceof KbWrite.Failed failed) {
            return new KbWrite.Failed(
                    failed.kbId(),
                    incarnation,
                    failed.from(),
                    failed.version(),
                    failed.failures(),
                    failed.error(),
                    failed.retryAfter());
        }
        KbWrite.Checkpointed saved = (KbWrite.Checkpointed) write;
        return new KbWrite.Checkpointed(saved.kbId(), incarnation, saved.from(), saved.version(), saved.checkpoint());
    }

    static final class AdvancesAnyIncarnation extends Careless {
        AdvancesAnyIncarnation(LongSupplier clock) {
            super(clock, KbWrite.Advanced.class::isInstance);
        }
    }

    static final class FailsAnyIncarnation extends Careless {
        FailsAnyIncarnation(LongSupplier clock) {
            super(clock, KbWrite.Failed.class::isInstance);
        }
    }

    static final class ChecksNoIncarnationOfACheckpoint extends Careless {
        ChecksNoIncarnationOfACheckpoint(LongSupplier clock) {
            super(clock, KbWrite.Checkpointed.class::isInstance);
        }
    }

    /** Writes nothing to the other KB, but returns its version as if it was the one that was meant. */
    static final class AnswersStaleForAnotherIncarnation extends MemoryStateStore {
        AnswersStaleForAnotherIncarnation(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            WriteResult result = super.write(carried, writes);
            Map<String, WriteResult.NotDone> exceptions = new HashMap<>(result.exceptions());
            find(exceptions.keySet()).forEach((kbId, kb) -> exceptions.put(kbId, new WriteResult.Stale(kb.version())));
            return new WriteResult(result.refused(), result.staleScopes(), exceptions);
        }
    }

    /** Shows numbers of its own for the true ones. */
    abstract static class Renumbers extends MemoryStateStore {

        Renumbers(LongSupplier clock) {
            super(clock);
        }

        abstract long number(KbState kb);

        private KbState shown(KbState kb) {
            return new KbState(kb.kbId(), number(kb), kb.version(), kb.record());
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            Map<String, KbState> found = new HashMap<>(super.find(kbIds));
            found.replaceAll((kbId, kb) -> shown(kb));
            return found;
        }

        @Override
        public synchronized Page page(PageQuery request) {
            Page page = super.page(request);
            return new Page(page.kbs().stream().map(this::shown).toList(), page.next());
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            return super.write(carried, writes.stream().map(this::truly).toList());
        }

        private KbWrite truly(KbWrite write) {
            KbState kb = super.find(List.of(write.kbId())).get(write.kbId());
            boolean same = kb != null && number(kb) == write.incarnation();
            return meantFor(same ? kb.incarnation() : Long.MAX_VALUE, write);
        }
    }

    /** A hash of the id, which is the same for each enrolment. */
    static final class NumbersByTheId extends Renumbers {
        NumbersByTheId(LongSupplier clock) {
            super(clock);
        }

        @Override
        long number(KbState kb) {
            return 1 + Math.abs((long) kb.kbId().hashCode());
        }
    }

    /** A counter of writes rather than of enrolments. */
    static final class AnotherNumberWithEachVersion extends Renumbers {
        AnotherNumberWithEachVersion(LongSupplier clock) {
            super(clock);
        }

        @Override
        long number(KbState kb) {
            return 1_000 * kb.incarnation() + kb.version();
        }
    }
}
