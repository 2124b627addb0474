package dev.kbmigrator.internal.listing;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.BloomFilter;
import com.google.common.hash.Funnels;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.DocumentUpdate.Outcome;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.ListingRecord;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes through the host's list of KBs: enrols those that nobody registered, and removes those that are gone for good.
 *
 * <p>One replica of the fleet does it each time: it claims the listing in a document that every look shows. The list is streamed. What
 * was listed is remembered only in a Bloom filter (a few MB per million KBs), which is used only when the store knows more KBs than the
 * host has listed. A KB that the filter lacks was certainly not listed. When that is so in two complete listings of this replica, and
 * the host does not claim otherwise, the KB is removed. (The filter mistakes about one in a million KBs for listed: such a KB stays
 * enrolled.)
 *
 * <p>Safe for use by many threads; only one of them lists at a time.
 */
public final class KbListing {

    private static final Logger LOG = LoggerFactory.getLogger(KbListing.class);
    private static final double FALSE_POSITIVES = 1e-6;
    private static final int MIN_EXPECTED = 10_000;
    private static final int MAX_EXPECTED = 20_000_000;
    private static final int MAX_ABSENT = 100_000;

    /** Large, so that the rows of one partition, which are worked on together, are stored close together. */
    private static final int BATCH = 10_000;

    private static final int SHOWN_PROBLEMS = 10;

    /** So many KBs do not all disappear at once: a host that then lists none is looking at the wrong database. */
    private static final int LARGE_FLEET = 100;

    private final StateStore store;
    private final DocumentUpdate documents;
    private final HostKbs host;
    private final FleetObserver observer;
    private final Timings timings;
    private final Environment environment;
    private final BooleanSupplier stopping;
    private final AtomicBoolean listing = new AtomicBoolean();
    private volatile Set<String> absentBefore = Set.of();
    private volatile @Nullable String failure;

    /** The next two belong to the thread that lists. */
    private int failures;

    private long notBefore;

    /** How many ids were listed, and how many of them were enrolled. */
    private static final class Tally {

        private long listed;
        private long enrolled;
    }

    /**
     * Prepares listings.
     *
     * @param stopping whether this replica stops: then a listing breaks off
     */
    public KbListing(
            StateStore store,
            HostKbs host,
            FleetObserver observer,
            Timings timings,
            Environment environment,
            BooleanSupplier stopping) {
        this.store = store;
        this.documents = new DocumentUpdate(store);
        this.host = host;
        this.observer = observer;
        this.timings = timings;
        this.environment = environment;
        this.stopping = stopping;
    }

    /** Returns why the last listing of this replica was not complete; null when it was, or there was none. */
    public @Nullable String failure() {
        return failure;
    }

    /** Returns what a listing has got done, without who has claimed the next one. */
    public static Object progressOf(Document document) {
        return Json.tryRead(document).orElseGet(Json::object).without(List.of("startedMicros", "by"));
    }

    /** Returns whether it is time for another listing. */
    boolean isDue(FleetView view) {
        return view.ageMicros(view.listing().startedMicros()) >= intervalMicros();
    }

    /** Returns whether there is a complete listing that is recent enough. */
    public boolean isFresh(FleetView view) {
        return view.ageMicros(view.listing().completedMicros()) < intervalMicros();
    }

    private long intervalMicros() {
        return TimeUnit.NANOSECONDS.toMicros(timings.listing().toNanos());
    }

    /**
     * Goes through the host's list, unless another replica has just claimed the listing, another thread of this replica is at it, or it
     * failed a moment ago. Returns whether it was completed. Nobody waits here for another thread's listing, which takes as long as the
     * host wants.
     */
    public boolean list(FleetView view) {
        if (!listing.compareAndSet(false, true)) {
            return false;
        }
        try {
            return listAlone(view);
        } finally {
            listing.set(false);
        }
    }

    private boolean listAlone(FleetView view) {
        if (failures > 0 && notBefore - environment.nanoTime() > 0) {
            return false;
        }
        Document before = view.document(ListingRecord.DOCUMENT);
        long revision = before == null ? 0 : before.revision();
        ObjectNode record = (before == null ? Json.object() : DocumentUpdate.contentOrNew(before))
                .put("startedMicros", view.snapshot().storeMicros());
        record.put("by", host.replicaId());
        String claim = record.toString();
        if (documents.replaceOnce(ListingRecord.DOCUMENT, revision, claim, null) != Outcome.CHANGED) {
            return false;
        }
        Tally tally = new Tally();
        BloomFilter<CharSequence> filter = newFilter();
        try (Stream<String> ids = host.ids()) {
            enrol(ids.iterator(), filter, tally);
        } catch (NotEnrolledException e) {
            throw e.storeError;
        } catch (Exception | Error e) {
            failed(ErrorText.loggable(e), tally.listed);
            return false;
        }
        if (stopping.getAsBoolean()) {
            return false;
        }
        failure = null;
        failures = 0;
        dropAbsent(filter, tally.listed);
        record.put("completedMicros", view.snapshot().storeMicros()).put("listed", tally.listed);
        Document claimed = documents.find(ListingRecord.DOCUMENT);
        if (claimed != null && claimed.json().equals(claim)) {
            documents.replaceOnce(ListingRecord.DOCUMENT, claimed.revision(), record.toString(), null);
        }
        if (tally.enrolled > 0) {
            LOG.atInfo()
                    .addKeyValue("listed", tally.listed)
                    .addKeyValue("enrolled", tally.enrolled)
                    .log("Enrolled KBs that nobody had registered: {} of {} listed", tally.enrolled, tally.listed);
        }
        return true;
    }

    private BloomFilter<CharSequence> newFilter() {
        long expected = Math.max(MIN_EXPECTED, store.count(Long.MAX_VALUE));
        return BloomFilter.create(
                Funnels.stringFunnel(StandardCharsets.UTF_8), Math.min(MAX_EXPECTED, expected), FALSE_POSITIVES);
    }

    private void enrol(Iterator<String> ids, BloomFilter<CharSequence> filter, Tally tally) {
        Set<String> batch = new HashSet<>();
        int problems = 0;
        try {
            while (ids.hasNext() && !stopping.getAsBoolean()) {
                String kbId = ids.next();
                String problem = KbIds.problemWith(kbId);
                if (problem != null) {
                    if (problems++ < SHOWN_PROBLEMS) {
                        LOG.atError().log("The host lists an invalid KB id, which is left out: {}", problem);
                    }
                    continue;
                }
                if (filter.put(kbId)) {
                    tally.listed++;
                }
                batch.add(kbId);
                if (batch.size() >= BATCH) {
                    tally.enrolled += enrol(batch);
                }
            }
        } finally {
            // What was listed before the list broke off counts too
            tally.enrolled += enrol(batch);
        }
        if (problems > SHOWN_PROBLEMS) {
            LOG.atError().log("{} KB ids in the host's list are invalid and are left out", problems);
        }
    }

    /** Enrols what is new; a KB that was deleted since the host's list was read does not come back. */
    private int enrol(Set<String> batch) {
        if (batch.isEmpty()) {
            return 0;
        }
        try {
            Set<String> enrolled = store.enroll(batch, observer.view().state().baseline());
            batch.clear();
            Set<String> gone = host.missing(enrolled);
            if (!gone.isEmpty()) {
                store.remove(gone);
            }
            return enrolled.size() - gone.size();
        } catch (RuntimeException e) {
            throw new NotEnrolledException(e);
        }
    }

    private void failed(Throwable error, long listed) {
        failure = "the host's list of KBs failed after " + listed + " ids: "
                + ShortText.shown(error.toString(), ShortText.ERROR);
        failures++;
        Duration delay = timings.backoff().delay(failures, environment);
        notBefore = environment.nanoTime() + delay.toNanos();
        LOG.atWarn()
                .setCause(error)
                .log(
                        "The host's list of KBs failed after {} ids. It is read again after {} if a stage waits for it, otherwise"
                                + " when the next listing is due",
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

    private void dropAbsent(BloomFilter<CharSequence> filter, long listed) {
        Set<String> absent = new HashSet<>();
        long enrolled = store.count(Long.MAX_VALUE);
        if (listed == 0 && enrolled > LARGE_FLEET) {
            LOG.atWarn()
                    .addKeyValue("enrolled", enrolled)
                    .log(
                            "The host lists no KB at all, but {} are enrolled: nothing is concluded from that, and all stay"
                                    + " enrolled. If they are really gone, use forgetKb",
                            enrolled);
        } else if (enrolled > listed) {
            PageQuery query =
                    new PageQuery(Partitions.all(), Selection.ALL, Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, null, BATCH);
            while (query != null && absent.size() < MAX_ABSENT && !stopping.getAsBoolean()) {
                Page page = store.page(query);
                page.kbs().stream()
                        .map(KbState::kbId)
                        .filter(kbId -> !filter.mightContain(kbId))
                        .forEach(absent::add);
                query = page.next() == null ? null : query.from(page.next());
            }
        }
        Set<String> twice = new HashSet<>(absent);
        twice.retainAll(absentBefore);
        twice.removeIf(host::claims);
        if (!twice.isEmpty()) {
            store.remove(twice);
            LOG.atInfo()
                    .addKeyValue("kbs", twice.size())
                    .log("Forgot KBs that were missing from the host's list twice in a row: {}", twice.size());
        }
        absent.removeAll(twice);
        absentBefore = absent;
    }
}
