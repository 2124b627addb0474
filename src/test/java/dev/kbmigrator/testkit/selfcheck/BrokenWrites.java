package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.Gone;
import dev.kbmigrator.spi.WriteResult.Stale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Stores that each get one thing wrong about epochs and writes, as a hurried implementation would. */
final class BrokenWrites {

    private BrokenWrites() {}

    /** Knows the newest epochs, so that a variant can pass off an old one as current. */
    abstract static class Sloppy extends MemoryStateStore {

        final Map<Integer, Epoch> newest = new ConcurrentHashMap<>();

        Sloppy(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            Map<Integer, Epoch> opened = super.openEpochs(scopes);
            newest.putAll(opened);
            return opened;
        }

        List<Epoch> renewed(Collection<Epoch> carried) {
            return carried.stream().map(epoch -> newest.get(epoch.scope())).toList();
        }

        boolean isStale(Epoch epoch) {
            return !epoch.equals(newest.get(epoch.scope()));
        }
    }

    static final class WritesUnderAnyEpoch extends Sloppy {
        WritesUnderAnyEpoch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            return super.write(renewed(carried), writes);
        }
    }

    static final class CheckpointsUnderAnyEpoch extends Sloppy {
        CheckpointsUnderAnyEpoch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            boolean only = writes.stream().allMatch(KbWrite.Checkpointed.class::isInstance);
            return super.write(only ? renewed(carried) : carried, writes);
        }
    }

    /** Looks at the epochs in a statement of its own, without a lock that lasts until the commit. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
    static final class ChecksEpochsTooEarly extends Sloppy {
        ChecksEpochsTooEarly(LongSupplier clock) {
            super(clock);
        }

        @Override
        public WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            Set<Integer> stale =
                    carried.stream().filter(this::isStale).map(Epoch::scope).collect(Collectors.toSet());
            LockSupport.parkNanos(200_000);
            return stale.isEmpty() ? super.write(renewed(carried), writes) : WriteResult.refused(stale);
        }
    }

    /** Does what it may, and refuses the rest. */
    static final class WritesHalfABatch extends Sloppy {
        WritesHalfABatch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            Set<Integer> stale =
                    carried.stream().filter(this::isStale).map(Epoch::scope).collect(Collectors.toSet());
            List<KbWrite> allowed = writes.stream()
                    .filter(write -> !stale.contains(Partitions.of(write.kbId())))
                    .toList();
            WriteResult result = super.write(renewed(carried), allowed);
            return stale.isEmpty() ? result : WriteResult.refused(stale);
        }
    }

    /** Names the scopes that are stale, but has written their KBs. */
    static final class WritesTheKbsOfStaleScopes extends Sloppy {
        WritesTheKbsOfStaleScopes(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            Set<Integer> stale =
                    carried.stream().filter(this::isStale).map(Epoch::scope).collect(Collectors.toSet());
            return new WriteResult(stale, super.write(renewed(carried), writes).exceptions());
        }
    }

    /** Writes nothing, but its result says that the KBs of the other scopes were written. */
    static final class RefusesAllButNamesOnlyStaleScopes extends MemoryStateStore {
        RefusesAllButNamesOnlyStaleScopes(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            WriteResult result = super.write(carried, writes);
            return new WriteResult(result.staleScopes(), result.exceptions());
        }
    }

    /** Checks the epochs that there are. */
    static final class WritesWithoutAnEpoch extends Sloppy {
        WritesWithoutAnEpoch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            Map<Integer, Epoch> completed = new HashMap<>();
            writes.forEach(
                    write -> completed.put(Partitions.of(write.kbId()), newest.get(Partitions.of(write.kbId()))));
            carried.forEach(epoch -> completed.put(epoch.scope(), epoch));
            return super.write(completed.values(), writes);
        }
    }

    static final class ComparesVersionsAsDoubles extends MemoryStateStore {
        ComparesVersionsAsDoubles(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            List<KbWrite> changed = new ArrayList<>();
            for (KbWrite write : writes) {
                KbState stored = find(List.of(write.kbId())).get(write.kbId());
                boolean same = stored != null && (double) stored.version() == (double) write.from();
                changed.add(
                        same && write instanceof KbWrite.Advanced advanced && advanced.to() > stored.version()
                                ? new KbWrite.Advanced(
                                        write.kbId(), write.incarnation(), stored.version(), advanced.to())
                                : write);
            }
            return super.write(carried, changed);
        }
    }

    static final class ChangesDocumentsUnderAnyEpoch extends MemoryStateStore {
        ChangesDocumentsUnderAnyEpoch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized boolean compareAndSet(String name, long expected, String json, Epoch fence) {
            return super.compareAndSet(name, expected, json, null);
        }
    }

    static final class RaisesUnderAnyEpoch extends Sloppy {
        RaisesUnderAnyEpoch(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
            return super.raiseFloors(renewed(carried), version);
        }
    }

    static final class OpensTheSameEpochTwice extends MemoryStateStore {
        private final Map<Integer, Epoch> opened = new HashMap<>();
        private int calls;

        OpensTheSameEpochTwice(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            if (calls++ % 2 == 0 || !opened.keySet().containsAll(scopes)) {
                opened.putAll(super.openEpochs(scopes));
            }
            Map<Integer, Epoch> answer = new HashMap<>(opened);
            answer.keySet().retainAll(scopes);
            return answer;
        }
    }

    static final class Upserts extends MemoryStateStore {
        Upserts(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            WriteResult result = super.write(carried, writes);
            for (KbWrite write : writes) {
                if (write instanceof KbWrite.Advanced advanced
                        && result.exceptions().get(write.kbId()) instanceof Gone) {
                    enroll(List.of(advanced.kbId()), advanced.to());
                    return new WriteResult(Set.of(), Map.of());
                }
            }
            return result;
        }
    }

    /** Sets the version without looking at the one before. */
    static final class AdvancesFromAnyVersion extends MemoryStateStore {
        AdvancesFromAnyVersion(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            List<KbWrite> changed = new ArrayList<>();
            for (KbWrite write : writes) {
                KbState stored = find(List.of(write.kbId())).get(write.kbId());
                boolean rises = write instanceof KbWrite.Advanced advanced
                        && stored != null
                        && advanced.to() > stored.version();
                changed.add(
                        rises
                                ? new KbWrite.Advanced(
                                        write.kbId(),
                                        write.incarnation(),
                                        stored.version(),
                                        ((KbWrite.Advanced) write).to())
                                : write);
            }
            return super.write(carried, changed);
        }
    }

    /** Answers a write that came too late with the version that the writer saw. */
    static final class AnswersTheWritersVersion extends MemoryStateStore {
        AnswersTheWritersVersion(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            WriteResult result = super.write(carried, writes);
            Map<String, WriteResult.NotDone> exceptions = new HashMap<>(result.exceptions());
            writes.forEach(write -> exceptions.computeIfPresent(
                    write.kbId(), (kbId, why) -> why instanceof Stale ? new Stale(write.from()) : why));
            return new WriteResult(result.staleScopes(), exceptions);
        }
    }

    static final class KeepsCheckpointsOfOldVersions extends Sloppy {
        KeepsCheckpointsOfOldVersions(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            Map<String, KbState> before =
                    find(writes.stream().map(KbWrite::kbId).toList());
            WriteResult result = super.write(carried, writes);
            for (KbWrite write : writes) {
                KbState kb = before.get(write.kbId());
                if (write instanceof KbWrite.Advanced advanced
                        && kb != null
                        && kb.record() != null
                        && kb.record().checkpoint() != null) {
                    String checkpoint = kb.record().checkpoint();
                    super.write(
                            carried,
                            List.of(new KbWrite.Checkpointed(
                                    kb.kbId(), kb.incarnation(), advanced.to(), advanced.to() + 1, checkpoint)));
                }
            }
            return result;
        }
    }

    /** Writes the whole row of a failure anew. */
    static final class FailuresDropCheckpoints extends MemoryStateStore {
        FailuresDropCheckpoints(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            for (KbWrite write : writes) {
                if (write instanceof KbWrite.Failed failed) {
                    super.write(
                            carried,
                            List.of(new KbWrite.Failed(
                                    failed.kbId(),
                                    failed.incarnation(),
                                    failed.from(),
                                    failed.version() + 1,
                                    1,
                                    "",
                                    Duration.ZERO)));
                }
            }
            return super.write(carried, writes);
        }
    }

    static final class RetriesAtOnce extends MemoryStateStore {
        RetriesAtOnce(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            return super.write(
                    carried,
                    writes.stream()
                            .map(write -> write instanceof KbWrite.Failed failed && failed.retryAfter() != null
                                    ? new KbWrite.Failed(
                                            failed.kbId(),
                                            failed.incarnation(),
                                            failed.from(),
                                            failed.version(),
                                            failed.failures(),
                                            failed.error(),
                                            Duration.ZERO)
                                    : write)
                            .toList());
        }
    }
}
