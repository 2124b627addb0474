package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.KbState;
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

    private Hosts() {}

    static Set<String> existing(EngineConfig config, Collection<KbState> kbs) {
        List<String> ids = new ArrayList<>(kbs.size());
        kbs.forEach(kb -> ids.add(kb.kbId()));
        return existingIds(config, ids);
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

    static Set<String> existingIds(EngineConfig config, Collection<String> ids) {
        if (ids.isEmpty()) {
            return Set.of();
        }
        try {
            Collection<String> existing = config.knowledgeBoxes().existing(ids);
            return existing instanceof Set<String> set ? set : new HashSet<>(existing);
        } catch (Exception | Error e) {
            LOG.atWarn().setCause(Texts.printable(e)).log("The host could not tell which of {} KBs exist", ids.size());
            return Set.copyOf(ids);
        }
    }
}
