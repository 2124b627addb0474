package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.BloomFilter;
import com.google.common.hash.Funnels;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes through the host's list of KBs: enrols those that nobody registered, and removes those that are gone for good.
 *
 * <p>One replica of the fleet does it each time: it claims the listing in a document that every look shows. The list is
 * streamed; what was listed is remembered in a Bloom filter only (a few MB a million KBs), and only when the store knows more
 * KBs than the host listed. A KB that the filter lacks was surely not listed; when that is so in two complete listings of this
 * replica, and the host does not claim otherwise, it is removed. (The filter takes about one in a million for listed that was
 * not: such a KB stays enrolled.)
 */
final class Enrolment {

    private static final Logger LOG = LoggerFactory.getLogger(Enrolment.class);
    private static final String DOCUMENT = Document.ANNOUNCED + "listing";
    private static final double FALSE_POSITIVES = 1e-6;
    private static final int LEAST_EXPECTED = 10_000;
    private static final int MOST_EXPECTED = 20_000_000;
    private static final int MOST_ABSENT = 100_000;
    /** Large, so that the rows of one partition, which are worked on together, come to lie together. */
    private static final int BATCH = 10_000;

    private static final int SHOWN_PROBLEMS = 10;

    /** That many KBs do not all go at once: a host that lists none then is looking at the wrong database. */
    private static final int LARGE_FLEET = 100;

    private final EngineConfig config;
    private final Board board;
    private final AtomicBoolean listing = new AtomicBoolean();
    private volatile Set<String> absentBefore = Set.of();
    private volatile @Nullable String failure;

    /** These two belong to whoever is listing. */
    private int failures;

    private long notBefore;

    Enrolment(EngineConfig config, Board board) {
        this.config = config;
        this.board = board;
    }

    /** Why the last listing of this replica was not complete; null when it was, or there was none. */
    @Nullable
    String failure() {
        return failure;
    }

    /** Whether it is time for another listing. */
    boolean isDue(View view) {
        ObjectNode last = last(view);
        long interval = TimeUnit.NANOSECONDS.toMicros(config.timings().listing().toNanos());
        long now = view.snapshot().storeMicros();
        long claimed = last.path("startedMicros").asLong(Long.MIN_VALUE / 2);
        return now - claimed >= interval;
    }

    private static ObjectNode last(View view) {
        Document document = view.document(DOCUMENT);
        return document == null ? Json.object() : Json.read(document);
    }

    /** Whether there is a complete listing that is not too old. */
    boolean isFresh(View view) {
        long interval = TimeUnit.NANOSECONDS.toMicros(config.timings().listing().toNanos());
        long completed = last(view).path("completedMicros").asLong(Long.MIN_VALUE / 2);
        return view.snapshot().storeMicros() - completed < interval;
    }

    /**
     * Goes through the host's list, unless another replica has just claimed it, this one is at it, or it failed a moment ago;
     * answers whether it was completed. Nobody waits here for another thread's listing, which takes as long as the host wants.
     */
    boolean list(View view) {
        if (!listing.compareAndSet(false, true)) {
            return false;
        }
        try {
            return listAlone(view);
        } finally {
            listing.set(false);
        }
    }

    private boolean listAlone(View view) {
        if (failures > 0 && notBefore - config.surroundings().nanoTime() > 0) {
            return false;
        }
        Document before = view.document(DOCUMENT);
        long revision = before == null ? 0 : before.revision();
        ObjectNode record = last(view).put("startedMicros", view.snapshot().storeMicros());
        record.put("by", config.identity().id());
        if (!config.store().compareAndSet(DOCUMENT, revision, record.toString(), null)) {
            return false;
        }
        long[] counts = new long[2];
        BloomFilter<CharSequence> listed = newFilter();
        try (Stream<String> ids =
                Objects.requireNonNull(config.knowledgeBoxes().ids(), "KnowledgeBoxes.ids() answered null")) {
            enrol(ids.iterator(), listed, counts);
        } catch (NotEnrolledException e) {
            throw e.storeError;
        } catch (Exception | Error e) {
            failed(Texts.printable(e), counts[0]);
            return false;
        }
        if (board.isStopping()) {
            return false;
        }
        failure = null;
        failures = 0;
        dropAbsent(listed, counts[0]);
        record.put("completedMicros", view.snapshot().storeMicros()).put("listed", counts[0]);
        config.store().compareAndSet(DOCUMENT, revision + 1, record.toString(), null);
        if (counts[1] > 0) {
            LOG.atInfo()
                    .addKeyValue("listed", counts[0])
                    .addKeyValue("enrolled", counts[1])
                    .log("Enrolled KBs that nobody had registered");
        }
        return true;
    }

    private BloomFilter<CharSequence> newFilter() {
        long expected = Math.max(LEAST_EXPECTED, config.store().count(Long.MAX_VALUE));
        return BloomFilter.create(
                Funnels.stringFunnel(StandardCharsets.UTF_8), Math.min(MOST_EXPECTED, expected), FALSE_POSITIVES);
    }

    /** Counts the ids that were listed and those that were enrolled. */
    private void enrol(Iterator<String> ids, BloomFilter<CharSequence> listed, long[] counts) {
        Set<String> batch = new HashSet<>();
        int problems = 0;
        try {
            while (ids.hasNext() && !board.isStopping()) {
                String kbId = ids.next();
                String problem = KbIds.problemWith(kbId);
                if (problem != null) {
                    if (problems++ < SHOWN_PROBLEMS) {
                        LOG.atError().log("{}; the host lists it, it is left out, and the others go on", problem);
                    }
                    continue;
                }
                if (listed.put(kbId)) {
                    counts[0]++;
                }
                batch.add(kbId);
                if (batch.size() >= BATCH) {
                    counts[1] += enrol(batch);
                }
            }
        } finally {
            // What was listed before the list broke counts too
            counts[1] += enrol(batch);
        }
        if (problems > SHOWN_PROBLEMS) {
            LOG.atError().log("{} KB ids in the host's list cannot be kept", problems);
        }
    }

    /** Enrols what is new; one that was deleted since the host's list was read does not come back. */
    private int enrol(Set<String> batch) {
        if (batch.isEmpty()) {
            return 0;
        }
        try {
            Set<String> enrolled =
                    config.store().enroll(batch, board.view().state().baseline());
            batch.clear();
            Set<String> gone = Hosts.missing(config, enrolled);
            if (!gone.isEmpty()) {
                config.store().remove(gone);
            }
            return enrolled.size() - gone.size();
        } catch (RuntimeException e) {
            throw new NotEnrolledException(e);
        }
    }

    private void failed(Throwable error, long listed) {
        failure = "the host's list of KBs failed after " + listed + " ids: " + Texts.shorten(error.toString(), 1_000);
        failures++;
        Duration delay = config.timings().backoff().delay(failures, config.surroundings());
        notBefore = config.surroundings().nanoTime() + delay.toNanos();
        LOG.atWarn()
                .setCause(error)
                .log(
                        "The host's list of KBs failed after {} ids. It is asked again when {} have passed and a stage waits for"
                                + " it, else when the next listing is due",
                        listed,
                        delay);
    }

    /** The store failed, not the host's list. */
    private static final class NotEnrolledException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final RuntimeException storeError;

        NotEnrolledException(RuntimeException storeError) {
            super(storeError);
            this.storeError = storeError;
        }
    }

    private void dropAbsent(BloomFilter<CharSequence> listed, long count) {
        Set<String> absent = new HashSet<>();
        long enrolled = config.store().count(Long.MAX_VALUE);
        if (count == 0 && enrolled > LARGE_FLEET) {
            LOG.atWarn()
                    .addKeyValue("enrolled", enrolled)
                    .log(
                            "The host lists no KB at all: nothing is concluded from that, and all stay enrolled. If they are"
                                    + " really gone, use forgetKb");
        } else if (enrolled > count) {
            PageQuery request =
                    new PageQuery(Partitions.all(), Selection.ALL, Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, null, BATCH);
            while (request != null && absent.size() < MOST_ABSENT && !board.isStopping()) {
                Page page = config.store().page(request);
                page.kbs().stream()
                        .map(KbState::kbId)
                        .filter(kbId -> !listed.mightContain(kbId))
                        .forEach(absent::add);
                request = page.next() == null ? null : request.from(page.next());
            }
        }
        Set<String> twice = new HashSet<>(absent);
        twice.retainAll(absentBefore);
        twice.removeIf(kbId -> Hosts.claims(config, kbId));
        if (!twice.isEmpty()) {
            config.store().remove(twice);
            LOG.atInfo()
                    .addKeyValue("kbs", twice.size())
                    .log("Forgot KBs that the host listed no more, twice in a row");
        }
        absent.removeAll(twice);
        absentBefore = absent;
    }
}
