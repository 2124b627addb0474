package dev.kbmigrator.internal.engine;

import com.google.common.collect.Iterables;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.spi.KbState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the host which of its KBs exist. When it cannot tell, they exist. */
final class Hosts {

    private static final Logger LOG = LoggerFactory.getLogger(Hosts.class);

    /** As many as the host is asked about in one call: that is what {@link KnowledgeBoxes#existing} says. */
    private static final int AT_ONCE = 1_024;

    private Hosts() {}

    /** Tells which of some KBs exist. */
    static Predicate<String> existing(EngineConfig config, Collection<KbState> kbs) {
        List<String> ids = new ArrayList<>(kbs.size());
        for (KbState kb : kbs) {
            ids.add(kb.kbId());
        }
        Collection<String> existing = existingIds(config, ids);
        // A host that does not look gives back all that it was asked for
        return existing == ids && ids.size() == kbs.size() ? kbId -> true : existing::contains;
    }

    static boolean isGone(EngineConfig config, String kbId) {
        return !existingIds(config, List.of(kbId)).contains(kbId);
    }

    /**
     * Whether the host says of its own accord that a KB exists: a host that answers about a made-up id too answers about any.
     */
    static boolean claims(EngineConfig config, String kbId) {
        String madeUp = "kb-migrator/" + config.identity().id();
        return existingIds(config, List.of(madeUp)).isEmpty() && !isGone(config, kbId);
    }

    static Collection<String> existingIds(EngineConfig config, Collection<String> ids) {
        if (ids.size() <= AT_ONCE) {
            return ids.isEmpty() ? Set.of() : existingAtOnce(config, ids);
        }
        Set<String> existing = new HashSet<>();
        for (List<String> part : Iterables.partition(ids, AT_ONCE)) {
            existing.addAll(existingAtOnce(config, new ArrayList<>(part)));
        }
        return existing;
    }

    private static Collection<String> existingAtOnce(EngineConfig config, Collection<String> ids) {
        try {
            Collection<String> existing = config.knowledgeBoxes().existing(ids);
            return existing == ids || existing instanceof Set ? existing : new HashSet<>(existing);
        } catch (Exception | Error e) {
            LOG.atWarn().setCause(Texts.printable(e)).log("The host could not tell which of {} KBs exist", ids.size());
            return ids;
        }
    }
}
