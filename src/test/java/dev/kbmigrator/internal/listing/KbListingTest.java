package dev.kbmigrator.internal.listing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One replica's listings, one after the other, by a clock that the test sets. */
class KbListingTest {

    private static final Duration INTERVAL = Duration.ofHours(1);
    private static final Duration BACKOFF = Duration.ofHours(1);
    private static final Duration INSTANT = Duration.ofNanos(1_000);
    private static final int BATCH = 10_000;

    /** Reading more means going around in circles. */
    private static final int MOST_PAGES = 20;

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final Host host = new Host();
    private final Store store = new Store();
    private final EngineConfig config = newConfig();
    private final FleetObserver observer = new FleetObserver(store, config.build(), config.timings(), environment);
    private final KbListing listing = newListing();
    private boolean stopping;

    private KbListing newListing() {
        HostKbs kbs = new HostKbs(host, "replica");
        return new KbListing(store, kbs, observer, config.timings(), environment, () -> stopping);
    }

    private EngineConfig newConfig() {
        environment.knowledgeBoxes = host;
        return environment.config(store, MemoryLock.create(() -> 0), environment.started);
    }

    private static final class Host implements KnowledgeBoxes {

        private List<String> listed = new ArrayList<>();
        private @Nullable Set<String> claimed;
        private int asked;
        private Consumer<String> onEach = kbId -> {};

        @Override
        public Stream<String> ids() {
            asked++;
            return listed.stream().peek(onEach);
        }

        /** A host that does not check returns all. */
        @Override
        public Collection<String> existing(Collection<String> kbIds) {
            Set<String> known = claimed;
            return known == null
                    ? kbIds
                    : kbIds.stream().filter(known::contains).toList();
        }

        void lists(String... kbIds) {
            listed = List.of(kbIds);
        }

        void listsUpTo(int many) {
            listed = IntStream.range(0, many).mapToObj(i -> "kb-" + i).toList();
        }

        void fails(String how) {
            onEach = kbId -> {
                throw new IllegalStateException(how);
            };
        }
    }

    private final class Store extends MemoryStateStore {

        private final List<Integer> batches = new ArrayList<>();
        private boolean failing;
        private int pages;
        private Runnable whilePaging = () -> {};
        private int madeUp;

        private Store() {
            super(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            if (failing) {
                throw new IllegalStateException("the store is down");
            }
            batches.add(kbIds.size());
            return super.enroll(kbIds, version);
        }

        @Override
        public synchronized long count(long belowVersion) {
            return madeUp == 0 ? super.count(belowVersion) : madeUp;
        }

        @Override
        public synchronized Page page(PageQuery query) {
            assertThat(++pages).as("pages").isLessThanOrEqualTo(MOST_PAGES);
            whilePaging.run();
            return madeUp == 0 ? super.page(query) : madeUpPage(query);
        }

        private Page madeUpPage(PageQuery query) {
            Cursor after = query.after();
            int from = after == null ? 0 : Integer.parseInt(after.position());
            int to = Math.min(madeUp, from + query.limit());
            List<KbState> kbs = IntStream.range(from, to)
                    .mapToObj(i -> new KbState("kb-" + i, 1, 0, null))
                    .toList();
            return new Page(kbs, to == madeUp ? null : new Cursor(Integer.toString(to)));
        }
    }

    private FleetView look() {
        return observer.look();
    }

    private boolean list() {
        return listing.list(look());
    }

    private Set<String> enrolled() {
        Set<String> candidates = new HashSet<>(host.listed);
        candidates.addAll(List.of("kb-0", "kb-1", "kb-2", "kb-3"));
        return store.find(candidates).keySet();
    }

    private ObjectNode record() {
        return Json.read(store.document("now/listing").orElseThrow());
    }

    private List<String> logged(Level atLeast, String part) {
        return log.messages(atLeast).stream()
                .filter(message -> message.contains(part))
                .toList();
    }

    @Test
    void listedKbsAreEnrolledAndTheListingIsRecorded() {
        environment.pass(Duration.ofSeconds(7));
        host.lists("kb-1", "kb-2", "kb-1");
        assertThat(list()).isTrue();
        assertThat(enrolled()).containsExactlyInAnyOrder("kb-1", "kb-2");
        assertThat(record().path("startedMicros").asLong()).isEqualTo(7_000_000);
        assertThat(record().path("completedMicros").asLong()).isEqualTo(7_000_000);
        assertThat(record().path("listed").asLong()).as("each counts once").isEqualTo(2);
        assertThat(logged(Level.INFO, "Enrolled"))
                .containsExactly("Enrolled KBs that nobody had registered: 2 of 2 listed");
        assertThat(record().path("by").asText()).isEqualTo("replica");
    }

    @Test
    void aFleetThatIsAllRegisteredIsNotLogged() {
        store.enroll(List.of("kb-1"), 0);
        host.lists("kb-1");
        assertThat(list()).isTrue();
        assertThat(log.messages(Level.INFO)).isEmpty();
    }

    @Test
    void theNextIsDueOneIntervalAfterTheLastStarted() {
        assertThat(listing.isDue(look())).as("there was none").isTrue();
        list();
        assertThat(listing.isDue(look())).isFalse();
        environment.pass(INTERVAL.minus(INSTANT));
        assertThat(listing.isDue(look())).as("a little early").isFalse();
        environment.pass(INSTANT);
        assertThat(listing.isDue(look())).isTrue();
    }

    @Test
    void aCompleteListingIsFreshForOneInterval() {
        environment.pass(Duration.ofDays(1));
        assertThat(listing.isFresh(look())).as("there was none").isFalse();
        list();
        assertThat(listing.isFresh(look())).isTrue();
        environment.pass(INTERVAL.minus(INSTANT));
        assertThat(listing.isFresh(look())).isTrue();
        environment.pass(INSTANT);
        assertThat(listing.isFresh(look())).isFalse();
    }

    @Test
    void aRepeatedListingIsFreshAgain() {
        list();
        environment.pass(INTERVAL);
        list();
        assertThat(listing.isFresh(look())).isTrue();
    }

    @Test
    void aListingThatBreaksOffIsNotFresh() {
        host.lists("kb-1");
        host.fails("gone away");
        list();
        assertThat(listing.isFresh(look())).isFalse();
    }

    @Test
    void nobodyWaitsForAnotherThreadsListing() {
        host.lists("kb-1");
        FleetView view = look();
        List<Boolean> meanwhile = new ArrayList<>();
        host.onEach = kbId -> meanwhile.add(listing.list(view));
        assertThat(list()).isTrue();
        assertThat(meanwhile).containsExactly(false);
        assertThat(host.asked).isEqualTo(1);
        assertThat(list()).as("afterwards").isTrue();
    }

    @Test
    void aListingClaimedByAnotherReplicaIsLeftToIt() {
        FleetView before = look();
        assertThat(newListing().list(look())).isTrue();
        assertThat(listing.list(before)).isFalse();
        assertThat(host.asked).as("lists").isEqualTo(1);
    }

    @Test
    void aListThatFailsIsReadAgainAfterTheBackoff() {
        host.lists("kb-1", "kb-2");
        host.onEach = kbId -> {
            if (kbId.equals("kb-2")) {
                throw new IllegalStateException("gone away");
            }
        };
        assertThat(listing.failure()).as("before the first").isNull();
        assertThat(list()).isFalse();
        assertThat(listing.failure()).contains("failed after 1 ids", "gone away");
        assertThat(logged(Level.WARN, "failed after 1 ids. It is read again after PT1H if a stage waits for it"))
                .hasSize(1);
        assertThat(enrolled()).as("what was listed before counts").containsExactly("kb-1");
        host.onEach = kbId -> {};
        environment.pass(BACKOFF.minusNanos(1));
        assertThat(list()).as("too early").isFalse();
        assertThat(host.asked).isEqualTo(1);
        environment.pass(Duration.ofNanos(1));
        assertThat(list()).isTrue();
        assertThat(listing.failure()).isNull();
        assertThat(enrolled()).containsExactlyInAnyOrder("kb-1", "kb-2");
        assertThat(list()).as("nothing to wait for any more").isTrue();
    }

    /** Its origin is arbitrary. */
    @Test
    void theFirstListingNeverWaitsWhateverTheClockShows() {
        environment.pass(Duration.ofDays(-1));
        assertThat(list()).isTrue();
    }

    @Test
    void aStoreFailureIsNoFailureOfTheHostsList() {
        host.lists("kb-1");
        store.failing = true;
        FleetView view = look();
        assertThatThrownBy(() -> listing.list(view)).hasMessage("the store is down");
        assertThat(listing.failure()).isNull();
        store.failing = false;
        assertThat(list()).as("at once").isTrue();
    }

    @Test
    void aReplicaThatStopsBreaksOffAndConcludesNothing() {
        host.lists("kb-1", "kb-2", "kb-3");
        host.onEach = kbId -> {
            if (kbId.equals("kb-2")) {
                stopping = true;
            }
        };
        assertThat(list()).isFalse();
        assertThat(enrolled()).as("what was listed before counts").containsExactly("kb-1");
        assertThat(record().has("completedMicros")).isFalse();
        assertThat(listing.failure()).isNull();
    }

    @Test
    void theListIsEnrolledInLargeBatches() {
        host.listsUpTo(BATCH + 1);
        assertThat(list()).isTrue();
        assertThat(store.batches).containsExactly(BATCH, 1);
        assertThat(logged(Level.INFO, "Enrolled")).hasSize(1);
    }

    @Test
    void anEmptyListCostsNoCall() {
        assertThat(list()).isTrue();
        assertThat(store.batches).isEmpty();
    }

    @Test
    void invalidIdsAreLeftOutAndTheFirstTenAreNamed() {
        host.listed = new ArrayList<>(List.of("kb-1"));
        IntStream.range(0, 10).forEach(i -> host.listed.add("\0" + i));
        host.listed.add("kb-2");
        assertThat(list()).isTrue();
        assertThat(enrolled()).containsExactlyInAnyOrder("kb-1", "kb-2");
        assertThat(record().path("listed").asLong()).isEqualTo(2);
        assertThat(logged(Level.ERROR, "The host lists an invalid KB id, which is left out"))
                .hasSize(10);
        assertThat(logged(Level.ERROR, "are left out")).isEmpty();
    }

    @Test
    void moreThanTenInvalidIdsAreCounted() {
        host.listed = IntStream.range(0, 12).mapToObj(i -> "\0" + i).toList();
        list();
        assertThat(logged(Level.ERROR, "The host lists an invalid KB id, which is left out"))
                .hasSize(10);
        assertThat(logged(Level.ERROR, "are left out"))
                .containsExactly("12 KB ids in the host's list are invalid and are left out");
    }

    @Test
    void aKbDeletedSinceItWasListedDoesNotComeBack() {
        host.lists("kb-1");
        host.claimed = Set.of();
        assertThat(list()).isTrue();
        assertThat(enrolled()).isEmpty();
        assertThat(logged(Level.INFO, "Enrolled")).as("nothing worth logging").isEmpty();
    }

    @Test
    void aKbMissingTwiceInARowIsForgotten() {
        host.lists("kb-1", "kb-2", "kb-3");
        list();
        host.lists("kb-1");
        list();
        assertThat(enrolled()).containsExactlyInAnyOrder("kb-1", "kb-2", "kb-3");
        host.lists("kb-1", "kb-2");
        list();
        assertThat(enrolled()).containsExactlyInAnyOrder("kb-1", "kb-2");
        assertThat(logged(Level.INFO, "Forgot"))
                .containsExactly("Forgot KBs that were missing from the host's list twice in a row: 1");
    }

    @Test
    void aKbThatTheHostClaimsStaysThoughItIsNotListed() {
        store.enroll(List.of("kb-1", "kb-2"), 0);
        host.claimed = Set.of("kb-1");
        list();
        list();
        assertThat(enrolled()).containsExactly("kb-1");
    }

    @Test
    void theStoreIsPagedOnlyWhenItHasMoreThanTheHost() {
        host.lists("kb-1", "kb-2");
        list();
        assertThat(store.pages).isZero();
        host.lists("kb-1");
        list();
        assertThat(store.pages).isEqualTo(1);
    }

    @Test
    void aHundredKbsMayDisappearAtOnce() {
        host.listsUpTo(100);
        list();
        host.lists();
        list();
        list();
        assertThat(store.count(Long.MAX_VALUE)).isZero();
    }

    @Test
    void moreThanAHundredDoNotDisappearWithAnEmptyList() {
        host.listsUpTo(101);
        list();
        host.lists();
        list();
        list();
        assertThat(store.count(Long.MAX_VALUE)).isEqualTo(101);
        assertThat(logged(Level.WARN, "use forgetKb")).hasSize(2);
    }

    @Test
    void moreThanAHundredMayDisappearWhenOthersAreListed() {
        host.listsUpTo(102);
        list();
        host.lists("kb-1");
        list();
        list();
        assertThat(store.count(Long.MAX_VALUE)).isEqualTo(1);
    }

    @Test
    void atMostAHundredThousandAreFoundAbsentAtATime() {
        host.lists("another");
        store.madeUp = 100_001;
        list();
        assertThat(store.pages).as("pages of 10,000").isEqualTo(10);
    }

    @Test
    void allPagesAreReadWhenFewerAreAbsent() {
        host.lists("another");
        store.madeUp = 3 * BATCH;
        list();
        assertThat(store.pages).isEqualTo(3);
    }

    @Test
    void aReplicaThatStopsReadsNoFurther() {
        host.lists("another");
        store.madeUp = 3 * BATCH;
        store.whilePaging = () -> stopping = true;
        list();
        assertThat(store.pages).isEqualTo(1);
    }

    @Test
    void unknownFieldsOfTheRecordAreKept() {
        store.compareAndSet("now/listing", 0, "{\"ofANewerBuild\":1}", null);
        list();
        assertThat(record().path("ofANewerBuild").asInt()).isEqualTo(1);
        assertThat(Objects.requireNonNull(look().document("now/listing")).revision())
                .isEqualTo(3);
    }

    @Test
    void kbsAreEnrolledAtTheFleetsBaseline() {
        store.compareAndSet(FleetState.DOCUMENT, 0, FleetState.initial(7).toJson(), null);
        host.lists("kb-1");
        list();
        assertThat(store.find(Set.of("kb-1")).values())
                .singleElement()
                .satisfies(kb -> assertThat(kb.version()).isEqualTo(7));
    }
}
