package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.KbState;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * What others have asked of the partitions that a worker holds. A request is served when the partition is taken, or with the
 * next view, and struck off when something has come of it. Belongs to the worker's thread.
 */
final class HeldRequests {

    private final EngineConfig config;
    private final Board board;
    private final Batch batch;
    private final BiConsumer<Pass, Collection<KbState>> queue;

    /** With how the worker queues KBs. */
    HeldRequests(EngineConfig config, Board board, Batch batch, BiConsumer<Pass, Collection<KbState>> queue) {
        this.config = config;
        this.board = board;
        this.batch = batch;
        this.queue = queue;
    }

    /** Serves what the view shows: it comes first, due or not. */
    void serve(Pass pass, View view, Collection<Integer> partitions) {
        for (int partition : partitions) {
            Held held = pass.held.get(partition);
            for (Request request : view.requests().getOrDefault(partition, List.of())) {
                if (held != null && !held.inFlight.contains(request.kbId()) && !held.struck.contains(request)) {
                    serve(pass, held, request);
                }
            }
        }
    }

    private void serve(Pass pass, Held held, Request request) {
        KbState kb = config.store().find(Set.of(request.kbId())).get(request.kbId());
        if (held.isOver(config.surroundings().nanoTime())) {
            // The answer took so long that nothing may be written under this lease any more
            return;
        }
        if (kb != null && request.skip() > 0) {
            kb = batch.skip(held, kb, request);
        }
        if (kb != null) {
            queue.accept(pass, List.of(kb));
        }
        if (kb != null && held.inFlight.contains(kb.kbId())) {
            held.asked(request);
        } else if (kb == null
                || kb.version() >= Plans.kbGoal(pass.plan, board.view().state().open())) {
            // One that this build cannot serve stays, for a replica that can
            strikeOff(held, request);
        }
    }

    /** What someone asked for, and has, is not to be done again. */
    void strikeOffAnswered(Collection<Pass> passes) {
        for (Pass pass : passes) {
            for (Held held : pass.held.values()) {
                while (!held.answered.isEmpty()) {
                    strikeOff(held, held.answered.get(0));
                    held.answered.remove(0);
                }
            }
        }
    }

    private void strikeOff(Held held, Request request) {
        if (!held.isOver(config.surroundings().nanoTime())) {
            config.store().compareAndSet(request.document(), request.revision(), null, held.epoch());
            held.struck.add(request);
        }
    }
}
