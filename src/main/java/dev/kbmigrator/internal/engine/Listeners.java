package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigratorListener;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listeners; one that throws hurts nothing. */
final class Listeners {

    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    private Listeners() {}

    static void tell(EngineConfig config, Consumer<MigratorListener> event) {
        for (MigratorListener listener : config.listeners()) {
            try {
                event.accept(listener);
            } catch (RuntimeException | Error e) {
                LOG.atWarn()
                        .setCause(Texts.printable(e))
                        .log(
                                "A listener of the host failed: {}",
                                listener.getClass().getName());
            }
        }
    }
}
