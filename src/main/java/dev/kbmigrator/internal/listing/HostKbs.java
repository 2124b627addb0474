package dev.kbmigrator.internal.listing;

import com.google.common.collect.Iterables;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.internal.support.ErrorText;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the host about its KBs. A KB of which the host cannot tell is taken to exist. Safe for use by many threads. */
public final class HostKbs {

    private static final Logger LOG = LoggerFactory.getLogger(HostKbs.class);

    /** The most ids in one question, as {@link KnowledgeBoxes#existing} promises. */
    private static final int MAX_IDS = 1_024;

    private final KnowledgeBoxes knowledgeBoxes;
    private final String replicaId;

    public HostKbs(KnowledgeBoxes knowledgeBoxes, String replicaId) {
        this.knowledgeBoxes = knowledgeBoxes;
        this.replicaId = replicaId;
    }

    /** Returns the id of the replica that asks. */
    String replicaId() {
        return replicaId;
    }

    /** Returns every KB of the host. */
    Stream<String> ids() throws Exception {
        return Objects.requireNonNull(knowledgeBoxes.ids(), "KnowledgeBoxes.ids() returned null");
    }

    /** Returns those of some KBs that do not exist. */
    public Set<String> missing(Collection<String> kbIds) {
        Set<String> missing = new HashSet<>();
        for (List<String> part : Iterables.partition(kbIds, MAX_IDS)) {
            missing.addAll(missingOf(part));
        }
        return missing;
    }

    /** Returns whether a KB does not exist. */
    public boolean isGone(String kbId) {
        return !missingOf(List.of(kbId)).isEmpty();
    }

    /** Returns whether the host really knows that a KB exists: a host that also claims an invented id claims any. */
    boolean claims(String kbId) {
        return isGone("kb-migrator/" + replicaId) && !isGone(kbId);
    }

    private Set<String> missingOf(List<String> kbIds) {
        // A copy, so that the host may remove from it what it does not have
        List<String> asked = new ArrayList<>(kbIds);
        try {
            Collection<String> existing = knowledgeBoxes.existing(asked);
            if (existing == asked && asked.size() == kbIds.size()) {
                // A host that does not check returns what it was given
                return Set.of();
            }
            Set<String> missing = new HashSet<>(kbIds);
            existing.forEach(missing::remove);
            return missing;
        } catch (Exception | Error e) {
            LOG.atWarn()
                    .setCause(ErrorText.loggable(e))
                    .log("The host could not tell which of {} KBs exist; they are taken to exist", kbIds.size());
            return Set.of();
        }
    }
}
