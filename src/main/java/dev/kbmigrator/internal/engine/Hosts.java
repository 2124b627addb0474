package dev.kbmigrator.internal.engine;

import com.google.common.collect.Iterables;
import dev.kbmigrator.KnowledgeBoxes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the host which of its KBs exist. When it cannot tell, they exist. */
final class Hosts {

    private static final Logger LOG = LoggerFactory.getLogger(Hosts.class);

    /** As many as the host is asked about in one call: that is what {@link KnowledgeBoxes#existing} says. */
    private static final int AT_ONCE = 1_024;

    private Hosts() {}

    /** Those of some KBs that do not exist. */
    static Set<String> missing(EngineConfig config, Collection<String> kbIds) {
        Set<String> missing = new HashSet<>();
        for (List<String> part : Iterables.partition(kbIds, AT_ONCE)) {
            missing.addAll(missingAtOnce(config, part));
        }
        return missing;
    }

    static boolean isGone(EngineConfig config, String kbId) {
        return !missingAtOnce(config, List.of(kbId)).isEmpty();
    }

    /**
     * Whether the host says of its own accord that a KB exists: a host that answers about a made-up id too answers about any.
     */
    static boolean claims(EngineConfig config, String kbId) {
        String madeUp = "kb-migrator/" + config.identity().id();
        return isGone(config, madeUp) && !isGone(config, kbId);
    }

    private static Set<String> missingAtOnce(EngineConfig config, List<String> kbIds) {
        // The host's own, so that it may take out what it does not have
        List<String> asked = new ArrayList<>(kbIds);
        try {
            Collection<String> existing = config.knowledgeBoxes().existing(asked);
            if (existing == asked && asked.size() == kbIds.size()) {
                // A host that does not look gives back all that it was asked about
                return Set.of();
            }
            Set<String> missing = new HashSet<>(kbIds);
            existing.forEach(missing::remove);
            return missing;
        } catch (Exception | Error e) {
            LOG.atWarn()
                    .setCause(Texts.printable(e))
                    .log("The host could not tell which of {} KBs exist", kbIds.size());
            return Set.of();
        }
    }
}
