package dev.kbmigrator.internal.engine;

import com.google.common.collect.Lists;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that brings up the KBs of the partitions it takes. Around and around:
 *
 * <ol>
 *   <li>It collects what the slots have finished, and writes it in batches, together with the fence ({@link Batch}).
 *   <li>Partitions in which nothing is queued, running or unwritten any more, it gives back: it raises their floors, and
 *       releases their leases.
 *   <li>When the slots run dry it fetches the next page of the partitions it has, or takes others: the locks first, then new
 *       epochs, then the first page, in this order, so that what it reads can no longer be changed by an earlier holder.
 *   <li>It waits until something is finished, a batch is old enough, or a new view comes.
 * </ol>
 *
 * <p>It ends when there is nothing left to take, or others are enough. An error of the store or the lock ends nothing: the step
 * is tried again after a while, as long as the leases last.
 */
final class Worker implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final long LEARN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final EngineConfig config;
    private final Board board;
    private final Slots slots;
    private final LeaseKeeper keeper;
    private final Surroundings.Signal signal;
    private final Batch batch;
    private final HeldRequests requests;
    private final HeldPartitions partitions;
    private final List<Pass> passes = new ArrayList<>();
    private final Troubles troubles;
    private final List<KbBody> ready = new ArrayList<>();

    /** What the slots have finished and this worker has not taken over yet. */
    private final Queue<KbBody> inbox = new ConcurrentLinkedQueue<>();

    private final AtomicInteger inInbox = new AtomicInteger();

    /** How much has to be in the inbox for this worker to be woken: being woken for each KB costs more than a quick KB does. */
    private volatile int worthWaking = 1;

    private volatile Texts.@Nullable Printed lastError;

    private long seen;

    /** Since when it counts what is finished, in monotonic time; how many KBs that were, and for how long they ran. */
    private long countedFrom;

    private long counted;
    private long ran;

    Worker(EngineConfig config, Board board, Slots slots, LeaseKeeper keeper) {
        this.config = config;
        this.board = board;
        this.slots = slots;
        this.keeper = keeper;
        this.signal = config.surroundings().newSignal();
        this.batch = new Batch(config, board, this);
        this.requests = new HeldRequests(config, board, batch, this::queue);
        this.partitions = new HeldPartitions(config, board, keeper, this::wake);
        this.troubles = new Troubles(config, LOG);
        this.seen = board.view().takenAt();
    }

    /** Called by the thread in which a body has failed. */
    Texts.Printed print(Throwable error) {
        Texts.Printed printed = Texts.print(error, lastError);
        lastError = printed;
        return printed;
    }

    /** Called by the thread that finished a body. */
    void finished(KbBody body) {
        inbox.add(body);
        if (inInbox.incrementAndGet() == worthWaking) {
            wake();
        }
    }

    void wake() {
        signal.raise();
    }

    /** The store refused a write under this epoch: another holder has opened a newer one. */
    void fenced(Held held) {
        if (keeper.lose(held, "partition " + held.scope() + " was taken over by another replica")) {
            LOG.atInfo()
                    .addKeyValue("partition", held.scope())
                    .addKeyValue("epoch", held.epoch().number())
                    .log("A partition was taken over by another replica");
        }
    }

    @Override
    public void run() {
        try {
            while (true) {
                troubles.guard(this::step);
                if (troubles.failures() > 0) {
                    // The time until the next attempt says nothing of how fast KBs go
                    countFrom(config.surroundings().nanoTime());
                }
                if (passes.isEmpty() && (board.isStopping() || !board.hasCandidates() || !board.isWanted(this))) {
                    break;
                }
                awaitNews();
            }
        } finally {
            board.workerEnded(this);
        }
    }

    private void step() {
        settle();
        if (board.isHalted() || slots.isExhausted()) {
            // Nothing more is started here: what is not under way is for others
            passes.forEach(pass -> pass.next = null);
            partitions.giveBack(passes);
            return;
        }
        while (slots.backlog() < slots.size()
                && !slots.isExhausted()
                && inFlight() < 2 * config.store().maxBatch()) {
            settle();
            if (!fetch() && !take()) {
                break;
            }
        }
    }

    /** Takes over what the slots have finished, makes it durable, and gives back what is quiet. */
    private void settle() {
        int taken = 0;
        for (KbBody body = inbox.poll(); body != null; body = inbox.poll()) {
            batch.add(body);
            taken++;
            ran += body.ranFor();
        }
        inInbox.addAndGet(-taken);
        counted += taken;
        try {
            batch.writeIfDue(inFlight() == batch.size(), !board.isHalted() && isPageToCome());
        } finally {
            List<KbBody> next = new ArrayList<>(ready);
            ready.clear();
            slots.offer(next);
        }
        requests.strikeOffAnswered(passes);
        partitions.giveBack(passes);
        learnRate();
    }

    private void learnRate() {
        long now = config.surroundings().nanoTime();
        if (counted > 0 && now - countedFrom >= LEARN_NANOS) {
            board.learnRate(counted, now - countedFrom, ran);
            countFrom(now);
        }
    }

    private void countFrom(long now) {
        countedFrom = now;
        counted = 0;
        ran = 0;
    }

    private boolean isPageToCome() {
        return passes.stream().anyMatch(pass -> pass.next != null);
    }

    private int inFlight() {
        int sum = 0;
        for (Pass pass : passes) {
            for (Held held : pass.held.values()) {
                sum += held.inFlight.size();
            }
        }
        return sum;
    }

    /** A KB's version is durable: on with the next one, if there is one. */
    void advanced(KbBody body, long version) {
        Held held = body.held;
        held.progressed = true;
        troubles.wentOn();
        Pass pass = passOf(held);
        if (pass == null || held.isLost() || board.isHalted()) {
            held.dropped(body.kb());
            return;
        }
        KbBody next = bodyFor(pass, held, new KbState(body.kb(), version, null));
        if (next == null) {
            held.settled(body.kb());
        } else {
            ready.add(next);
        }
    }

    private @Nullable Pass passOf(Held held) {
        for (Pass pass : passes) {
            if (pass.held.get(held.scope()) == held) {
                return pass;
            }
        }
        return null;
    }

    /** Fetches the next page of a pass that has one; answers whether there was one. */
    private boolean fetch() {
        for (Pass pass : passes) {
            PageQuery request = pass.next;
            if (request != null) {
                Page page = config.store().page(request);
                pass.next = page.next() == null ? null : request.from(page.next());
                pass.pagedAt = config.surroundings().nanoTime();
                queue(pass, page.kbs());
                return true;
            }
        }
        return refetch();
    }

    /** A partition that is held for long, by a slow KB, may meanwhile have others to do: looks again with each new view. */
    private boolean refetch() {
        View view = board.view();
        if (view.takenAt() == seen) {
            return false;
        }
        seen = view.takenAt();
        Set<Integer> due = view.duePartitions();
        for (Pass pass : passes) {
            Set<Integer> again = new TreeSet<>(due);
            again.retainAll(pass.held.keySet());
            if (!again.isEmpty() && view.takenAt() - pass.pagedAt > 0) {
                requests.serve(pass, view, again);
                pass.next = request(again, pass.goal);
            }
        }
        return isPageToCome();
    }

    private PageQuery request(Set<Integer> partitions, long goal) {
        return new PageQuery(
                partitions,
                Selection.DUE,
                goal,
                board.due(),
                null,
                config.store().maxBatch());
    }

    private void queue(Pass pass, Collection<KbState> kbs) {
        List<KbBody> candidates = candidates(pass, kbs);
        Set<String> missing = Hosts.missing(config, Lists.transform(candidates, KbBody::kb));
        List<KbBody> bodies = begun(pass, candidates, missing);
        if (pass.kbs == 0 && !bodies.isEmpty()) {
            // A first idea, from the first page; the whole pass will tell exactly
            board.learnDensity(pass.found.cardinality(), bodies.size());
        }
        pass.kbs += bodies.size();
        if (inFlight() == bodies.size()) {
            countFrom(config.surroundings().nanoTime());
        }
        slots.offer(bodies);
    }

    /** The next attempts at the KBs of a page that are held and not under way. */
    private List<KbBody> candidates(Pass pass, Collection<KbState> kbs) {
        List<KbBody> candidates = new ArrayList<>(kbs.size());
        Held held = null;
        int before = -1;
        for (KbState kb : kbs) {
            int partition = Partitions.of(kb.kbId());
            if (partition != before) {
                held = pass.held.get(partition);
                before = partition;
            }
            if (held != null && !held.isLost() && held.mayBeReleased() && !held.inFlight.contains(kb.kbId())) {
                KbBody body = bodyFor(pass, held, kb);
                if (body == null) {
                    held.skipped |= kb.version() < pass.goal;
                } else {
                    candidates.add(body);
                }
            }
        }
        return candidates;
    }

    /** From here on they are under way, but for those that the host does not have: these are left alone. */
    private static List<KbBody> begun(Pass pass, List<KbBody> candidates, Set<String> missing) {
        List<KbBody> begun = new ArrayList<>(candidates.size());
        for (KbBody body : candidates) {
            Held held = body.held;
            if (missing.contains(body.kb())) {
                held.skipped = true;
            } else if (held.inFlight.add(body.kb())) {
                pass.found.set(held.scope());
                begun.add(body);
            }
        }
        return begun;
    }

    private @Nullable KbBody bodyFor(Pass pass, Held held, KbState kb) {
        Pass.Step step = pass.step(kb.version(), config.catalog());
        MigrationInfo next = step.info();
        Migration migration = step.migration();
        if (next == null
                || migration == null
                || kb.version() < board.view().knowledge().above()) {
            return null;
        }
        return new KbBody(config, this, held, kb, next, migration);
    }

    /** Takes partitions; answers whether there were any to try. */
    private boolean take() {
        Set<Integer> wanted = board.isWanted(this) ? board.take() : Set.of();
        if (wanted.isEmpty()) {
            return false;
        }
        Map<Integer, Held> held = partitions.take(wanted);
        if (!held.isEmpty()) {
            View view = board.view();
            Pass pass = new Pass(
                    held,
                    view,
                    request(held.keySet(), view.goal()),
                    config.surroundings().nanoTime());
            passes.add(pass);
            requests.serve(pass, view, held.keySet());
            fetch();
        }
        return true;
    }

    /** The first to finish starts the clock of the batch; after that, only a full batch, or the last that runs, is news. */
    private void awaitNews() {
        int running = inFlight() - batch.size();
        worthWaking = batch.size() == 0 ? 1 : Math.max(1, Math.min(batch.room(), running));
        // While a step has to wait because the one before failed, what is in the inbox stays there
        if (troubles.failures() > 0 || inInbox.get() < worthWaking) {
            signal.await(waitNanos());
        }
    }

    private long waitNanos() {
        long now = config.surroundings().nanoTime();
        long wait = config.timings().activeLook().toNanos();
        wait = Math.min(wait, batch.dueIn(now));
        return Math.max(1, troubles.delay(wait));
    }
}
