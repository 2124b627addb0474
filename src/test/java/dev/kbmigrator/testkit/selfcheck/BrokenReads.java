package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Stores that each get one thing wrong about the order of a look, clocks, followers or durability. */
final class BrokenReads {

    private BrokenReads() {}

    /** A look in two parts. */
    abstract static class LooksInParts extends MemoryStateStore {

        private final long apartNanos;

        LooksInParts(LongSupplier clock, long apartNanos) {
            super(clock);
            this.apartNanos = apartNanos;
        }

        abstract Snapshot joined(Snapshot first, Snapshot second);

        @Override
        @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
        public Snapshot look(Heartbeat self) {
            Snapshot first = super.look(self);
            LockSupport.parkNanos(apartNanos);
            return joined(first, super.look(self));
        }
    }

    static final class LooksAtRecordsFirst extends LooksInParts {
        LooksAtRecordsFirst(LongSupplier clock) {
            super(clock, 100_000);
        }

        @Override
        Snapshot joined(Snapshot first, Snapshot second) {
            return new Snapshot(
                    second.storeMicros(), first.documents(), second.floors(), first.recordCounts(), second.replicas());
        }
    }

    /** The same, only in usual looks. */
    static final class LooksAtRecordsFirstUnlessThoroughly extends LooksInParts {
        LooksAtRecordsFirstUnlessThoroughly(LongSupplier clock) {
            super(clock, 100_000);
        }

        @Override
        Snapshot joined(Snapshot first, Snapshot second) {
            boolean thorough = second.floors().contains(Long.MAX_VALUE);
            List<KbRecordCount> records = thorough ? second.recordCounts() : first.recordCounts();
            return new Snapshot(second.storeMicros(), first.documents(), second.floors(), records, second.replicas());
        }
    }

    static final class LooksAtDocumentsLast extends LooksInParts {
        LooksAtDocumentsLast(LongSupplier clock) {
            super(clock, 100_000);
        }

        @Override
        Snapshot joined(Snapshot first, Snapshot second) {
            return new Snapshot(
                    first.storeMicros(), second.documents(), first.floors(), first.recordCounts(), first.replicas());
        }
    }

    /** In the right order, but a thorough look finds a KB neither before its advance nor after it. */
    static final class LooksThoroughlyInParts extends LooksInParts {
        LooksThoroughlyInParts(LongSupplier clock) {
            super(clock, 100_000);
        }

        @Override
        Snapshot joined(Snapshot first, Snapshot second) {
            return new Snapshot(
                    first.storeMicros(), first.documents(), first.floors(), second.recordCounts(), second.replicas());
        }
    }

    /** Deletes the record of a KB that advances, and inserts the one that it needs behind the floor afterwards. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
    static final class AdvancesBehindTheFloorInTwoSteps extends MemoryStateStore {

        private final Set<Integer> between = ConcurrentHashMap.newKeySet();

        AdvancesBehindTheFloorInTwoSteps(LongSupplier clock) {
            super(clock);
        }

        @Override
        public WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            List<Integer> advancing = writes.stream()
                    .filter(KbWrite.Advanced.class::isInstance)
                    .map(write -> Partitions.of(write.kbId()))
                    .toList();
            between.addAll(advancing);
            LockSupport.parkNanos(50_000);
            WriteResult result = super.write(carried, writes);
            advancing.forEach(between::remove);
            return result;
        }

        @Override
        public Snapshot look(Heartbeat self) {
            Set<Integer> hidden = Set.copyOf(between);
            Snapshot seen = super.look(self);
            return new Snapshot(
                    seen.storeMicros(),
                    seen.documents(),
                    seen.floors(),
                    seen.recordCounts().stream()
                            .filter(count -> !hidden.contains(count.partition()))
                            .toList(),
                    seen.replicas());
        }
    }

    /** The clock of the host whose thread asks. */
    static final class HostClock implements LongSupplier {

        private final LongSupplier real;
        private final ThreadLocal<Long> skewMicros = ThreadLocal.withInitial(() -> 0L);

        HostClock(LongSupplier real) {
            this.real = real;
        }

        @Override
        public long getAsLong() {
            return real.getAsLong() + skewMicros.get();
        }
    }

    /** Takes the time from the host in some of its methods. */
    abstract static class AsksTheHost extends MemoryStateStore {

        private final HostClock clock;
        private final Set<String> methods;

        AsksTheHost(LongSupplier clock, String... methods) {
            this(new HostClock(clock), Set.of(methods));
        }

        private AsksTheHost(HostClock clock, Set<String> methods) {
            super(clock);
            this.clock = clock;
            this.methods = methods;
        }

        StateStore skewed(Duration skew) {
            return forwarding(method -> {
                clock.skewMicros.set(methods.contains(method) ? TimeUnit.NANOSECONDS.toMicros(skew.toNanos()) : 0L);
                return this;
            });
        }
    }

    /** Which store is to be called. */
    private interface Route {
        StateStore before(String method);
    }

    private static StateStore forwarding(Route route) {
        return (StateStore) Proxy.newProxyInstance(
                BrokenReads.class.getClassLoader(), new Class<?>[] {StateStore.class}, (self, method, arguments) -> {
                    StateStore real = route.before(method.getName());
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    } finally {
                        route.before("");
                    }
                });
    }

    static final class DatesFailuresByTheHost extends AsksTheHost {
        DatesFailuresByTheHost(LongSupplier clock) {
            super(clock, "write");
        }
    }

    static final class ListsByTheHost extends AsksTheHost {
        ListsByTheHost(LongSupplier clock) {
            super(clock, "page");
        }
    }

    static final class LooksByTheHost extends AsksTheHost {
        LooksByTheHost(LongSupplier clock) {
            super(clock, "look");
        }
    }

    /** Its second handle reads from a follower that has not received the last change. */
    abstract static class Followed extends Journaled {

        private final Set<String> reads;

        Followed(LongSupplier clock, String... reads) {
            super(clock);
            this.reads = Set.of(reads);
        }

        StateStore follower() {
            return forwarding(method -> reads.contains(method) ? withoutTheLastChange() : this);
        }
    }

    static final class FindsInAFollower extends Followed {
        FindsInAFollower(LongSupplier clock) {
            super(clock, "find");
        }
    }

    static final class ListsFromAFollower extends Followed {
        ListsFromAFollower(LongSupplier clock) {
            super(clock, "page", "count");
        }
    }

    static final class LooksAtAFollower extends Followed {
        LooksAtAFollower(LongSupplier clock) {
            super(clock, "look");
        }
    }

    static final class ReadsDocumentsFromAFollower extends Followed {
        ReadsDocumentsFromAFollower(LongSupplier clock) {
            super(clock, "document", "documents");
        }
    }

    static final class ReadsReportsFromAFollower extends Followed {
        ReadsReportsFromAFollower(LongSupplier clock) {
            super(clock, "replicaReports");
        }
    }

    /** Returns before the change is on the disk. */
    static final class AcknowledgesBeforeItKeeps extends Journaled {
        AcknowledgesBeforeItKeeps(LongSupplier clock) {
            super(clock);
        }

        @Override
        List<Entry> surviving(List<Entry> all) {
            return all.subList(0, all.size() - 1);
        }
    }

    static final class KeepsEpochsInMemory extends Journaled {
        KeepsEpochsInMemory(LongSupplier clock) {
            super(clock);
        }

        @Override
        List<Entry> surviving(List<Entry> all) {
            return all.stream()
                    .filter(entry -> !entry.method().equals("openEpochs"))
                    .toList();
        }
    }

    /** Starts its counters at the highest number in a row, so what was deleted counts no more. */
    static final class CountsFromItsRows extends Journaled {
        CountsFromItsRows(LongSupplier clock) {
            super(clock);
        }

        @Override
        List<Entry> surviving(List<Entry> all) {
            List<Entry> kept = new ArrayList<>();
            Set<String> gone = new HashSet<>();
            for (int i = all.size() - 1; i >= 0; i--) {
                Entry entry = all.get(i);
                if (entry.method().equals("remove")
                        || (entry.method().equals("compareAndSet")
                                && i == all.size() - 1
                                && document(entry.about().iterator().next()).isEmpty())) {
                    gone.addAll(entry.about());
                }
                if (entry.about().isEmpty() || !gone.containsAll(entry.about())) {
                    kept.add(0, entry);
                }
            }
            return kept;
        }
    }
}
