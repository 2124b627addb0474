package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the requests for KBs in the partitions that a worker holds: when a partition is taken, and with each new view. A request is
 * deleted when it is answered. Belongs to the worker's thread.
 */
final class RequestServer {

    private static final Logger LOG = LoggerFactory.getLogger(RequestServer.class);

    private final StateStore store;
    private final DocumentUpdate documents;
    private final Environment environment;
    private final FleetObserver observer;
    private final Callbacks callbacks;

    /** What the server leaves to the worker. */
    interface Callbacks {

        /** Queues KBs, due or not. */
        void queue(PartitionScan scan, Collection<KbState> kbs);

        /** The store has refused a write, because another replica has taken the partition over. */
        void takenOver(HeldPartition partition);
    }

    RequestServer(StateStore store, Environment environment, FleetObserver observer, Callbacks callbacks) {
        this.store = store;
        this.documents = new DocumentUpdate(store);
        this.environment = environment;
        this.observer = observer;
        this.callbacks = callbacks;
    }

    /** Serves the requests that the view shows for these partitions. */
    void serve(PartitionScan scan, FleetView view, Collection<Integer> partitions) {
        for (int partition : partitions) {
            HeldPartition held = scan.held.get(partition);
            for (KbRequest request : view.requests().getOrDefault(partition, List.of())) {
                if (held != null && !held.isInFlight(request.kbId()) && !held.isDeleted(request)) {
                    serve(scan, held, request);
                }
            }
        }
    }

    private void serve(PartitionScan scan, HeldPartition held, KbRequest request) {
        KbState kb = store.find(Set.of(request.kbId())).get(request.kbId());
        if (held.scope().isOver(environment.nanoTime())) {
            // The store took so long that nothing may be written under this lease any more
            return;
        }
        if (kb != null && request.skip() > kb.version()) {
            kb = skip(held, kb, request);
        }
        if (kb != null) {
            callbacks.queue(scan, List.of(kb));
        }
        if (kb != null && held.isInFlight(kb.kbId())) {
            held.serves(request);
        } else if (kb == null
                || kb.version() >= scan.plan.kbGoal(observer.view().state().open())) {
            // A request that this build cannot serve stays, for a replica that can
            delete(held, request);
        }
    }

    /** Moves a KB past the version that a person asked to skip; returns its state after that. */
    private KbState skip(HeldPartition held, KbState kb, KbRequest request) {
        KbWrite write = new KbWrite.Advanced(kb.kbId(), kb.incarnation(), kb.version(), request.skip());
        WriteResult result = store.write(Set.of(held.scope().epoch()), List.of(write));
        if (!result.staleScopes().isEmpty()) {
            callbacks.takenOver(held);
        } else if (result.exceptions().isEmpty()) {
            held.progressed();
            LOG.atWarn()
                    .addKeyValue("kb", ShortText.shown(kb.kbId()))
                    .addKeyValue("version", request.skip())
                    .log(
                            "Skipped version {} of KB {}, as requested: {}",
                            request.skip(),
                            ShortText.shown(kb.kbId()),
                            ShortText.shown(request.reason(), ShortText.REASON));
            return new KbState(kb.kbId(), kb.incarnation(), request.skip(), null);
        }
        return kb;
    }

    /** Deletes the requests that are answered. */
    void deleteAnswered(Collection<PartitionScan> scans) {
        for (PartitionScan scan : scans) {
            for (HeldPartition held : scan.held.values()) {
                while (!held.answered().isEmpty()) {
                    delete(held, held.answered().get(0));
                    held.answered().remove(0);
                }
            }
        }
    }

    private void delete(HeldPartition held, KbRequest request) {
        if (!held.scope().isOver(environment.nanoTime())) {
            documents.replaceOnce(
                    request.document(), request.revision(), null, held.scope().epoch());
            held.deleted(request);
        }
    }
}
