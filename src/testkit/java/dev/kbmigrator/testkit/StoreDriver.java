package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The steps that many tests of a store share. They use only the methods of {@link StateStore}. */
final class StoreDriver {

    /** A listing that has more pages than this counts as endless. */
    private static final int MOST_PAGES = 20_000;

    private final StateStore store;

    StoreDriver(StateStore store) {
        this.store = store;
    }

    static List<String> ids(String prefix, int count) {
        return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
    }

    /** Returns ids that all belong to one partition. */
    static List<String> inPartition(int partition, String prefix, int count) {
        return Stream.iterate(0, i -> i + 1)
                .map(i -> prefix + i)
                .filter(id -> Partitions.of(id) == partition)
                .limit(count)
                .toList();
    }

    static Heartbeat heartbeat(String replicaId, DueFilter due, boolean thorough) {
        return new Heartbeat(new ReplicaInfo(replicaId, "node", "build", "", 1, 0, false), null, due, thorough, false);
    }

    static PageQuery all(Set<Integer> partitions, int limit) {
        return new PageQuery(partitions, Selection.ALL, Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, null, limit);
    }

    static PageQuery due(long belowVersion, DueFilter due, int limit) {
        return new PageQuery(Partitions.all(), Selection.DUE, belowVersion, due, null, limit);
    }

    /** Enrols KBs that must not be enrolled yet. */
    void enroll(long version, String... kbIds) {
        enroll(version, List.of(kbIds));
    }

    void enroll(long version, Collection<String> kbIds) {
        Items.assertAll("newly enrolled KBs", store.enroll(kbIds, version), kbIds);
    }

    /** Returns the value of a key that must be present. */
    static <K, V> V entry(Map<K, V> map, K key) {
        V value = map.get(key);
        if (value == null) {
            throw new AssertionError("there is no entry for " + key + ", only for " + map.keySet());
        }
        return value;
    }

    /** Opens the epoch of one scope. */
    Epoch epoch(int scope) {
        Map<Integer, Epoch> opened = store.openEpochs(Set.of(scope));
        assertThat(opened).as("the scopes that were opened").containsOnlyKeys(scope);
        return entry(opened, scope);
    }

    /** Opens the epochs that a write to these KBs must carry. */
    Collection<Epoch> open(Collection<String> kbIds) {
        Set<Integer> partitions = kbIds.stream().map(Partitions::of).collect(Collectors.toSet());
        return store.openEpochs(partitions).values();
    }

    Collection<Epoch> open(String kbId) {
        return open(Set.of(kbId));
    }

    /** Returns which enrolment of a KB is stored; of a KB that is not enrolled, a number that it may have had. */
    long incarnation(String kbId) {
        KbState kb = store.find(Set.of(kbId)).get(kbId);
        return kb == null ? 1 : kb.incarnation();
    }

    /** Returns an advance of the KB as it is enrolled now. */
    KbWrite.Advanced advanced(String kbId, long from, long to) {
        return new KbWrite.Advanced(kbId, incarnation(kbId), from, to);
    }

    /** Returns a failure of the KB as it is enrolled now. */
    KbWrite.Failed failed(
            String kbId, long from, long version, int failures, String error, @Nullable Duration retryAfter) {
        return new KbWrite.Failed(kbId, incarnation(kbId), from, version, failures, error, retryAfter);
    }

    /** Returns a checkpoint of the KB as it is enrolled now. */
    KbWrite.Checkpointed checkpointed(String kbId, long from, long version, String checkpoint) {
        return new KbWrite.Checkpointed(kbId, incarnation(kbId), from, version, checkpoint);
    }

    /** Writes a batch under newly opened epochs. */
    WriteResult write(KbWrite... writes) {
        return store.write(open(Stream.of(writes).map(KbWrite::kbId).toList()), List.of(writes));
    }

    /** Writes a batch under newly opened epochs. All of it must be written. */
    void done(KbWrite... writes) {
        assertThat(write(writes))
                .as("the result of a write that has nothing in its way")
                .isEqualTo(WriteResult.ALL_DONE);
    }

    void advance(String kbId, long from, long to) {
        done(advanced(kbId, from, to));
    }

    long version(String kbId) {
        return state(kbId).version();
    }

    @Nullable
    KbRecord recordOf(String kbId) {
        return state(kbId).record();
    }

    /** Returns a KB's record, which must exist. */
    KbRecord recorded(String kbId) {
        KbRecord record = recordOf(kbId);
        if (record == null) {
            throw new AssertionError("KB " + kbId + " has no KB record");
        }
        return record;
    }

    KbState state(String kbId) {
        Map<String, KbState> found = store.find(Set.of(kbId));
        assertThat(found).as("the KBs found; this one is enrolled").containsOnlyKeys(kbId);
        KbState state = entry(found, kbId);
        assertThat(state.kbId()).as("the id of the KB that was found").isEqualTo(kbId);
        return state;
    }

    Snapshot look() {
        return look(DueFilter.BY_THE_CLOCK);
    }

    Snapshot look(DueFilter due) {
        return store.look(heartbeat("driver", due, false));
    }

    Snapshot lookThoroughly() {
        return store.look(heartbeat("driver", DueFilter.BY_THE_CLOCK, true));
    }

    long floor(int partition) {
        return look().floors().get(partition);
    }

    /** Returns the partitions whose floor is at a version. */
    List<Integer> raisedTo(long version) {
        List<Long> floors = look().floors();
        return IntStream.range(0, Partitions.COUNT)
                .filter(partition -> floors.get(partition) == version)
                .boxed()
                .toList();
    }

    void remove(Collection<String> kbIds) {
        store.remove(kbIds);
    }

    /** Raises the floor of one partition under a newly opened epoch. */
    Set<Integer> raise(int partition, long version) {
        return store.raiseFloors(Set.of(epoch(partition)), version);
    }

    /** Returns the KBs of all pages. */
    List<KbState> pass(PageQuery request) {
        return pass(request, page -> {});
    }

    /** Returns the KBs of all pages, and runs an action after each page. */
    List<KbState> pass(PageQuery request, Consumer<Page> afterEach) {
        List<KbState> listed = new ArrayList<>();
        PageQuery next = request;
        for (int pages = 0; pages < MOST_PAGES; pages++) {
            Page page = store.page(next);
            assertThat(page.kbs())
                    .as("the KBs of one page, at most its limit")
                    .hasSizeLessThanOrEqualTo(request.limit());
            listed.addAll(page.kbs());
            afterEach.accept(page);
            if (page.next() == null) {
                return listed;
            }
            next = next.from(page.next());
        }
        throw new AssertionError("the listing did not end within " + MOST_PAGES + " pages");
    }

    Set<String> listed(PageQuery request) {
        return pass(request).stream().map(KbState::kbId).collect(Collectors.toSet());
    }
}
