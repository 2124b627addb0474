package dev.kbmigrator.internal.config;

import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.internal.support.ListenerNotifier;
import java.util.concurrent.Executor;

/**
 * What the host provides.
 *
 * @param knowledgeBoxes its list of KBs
 * @param services what its migrations can ask for
 * @param listeners whom it wants to be notified
 * @param executor where its migrations run
 */
public record HostApplication(
        KnowledgeBoxes knowledgeBoxes, Services services, ListenerNotifier listeners, Executor executor) {}
