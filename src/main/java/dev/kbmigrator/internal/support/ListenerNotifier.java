package dev.kbmigrator.internal.support;

import dev.kbmigrator.MigratorListener;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the host's listeners. One that throws harms nothing. Immutable, and safe for use by many threads. */
public final class ListenerNotifier {

    private static final Logger LOG = LoggerFactory.getLogger(ListenerNotifier.class);

    private final List<MigratorListener> listeners;

    public ListenerNotifier(List<MigratorListener> listeners) {
        this.listeners = List.copyOf(listeners);
    }

    /** Calls each listener in turn. */
    public void tell(Consumer<MigratorListener> event) {
        for (MigratorListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException | Error e) {
                LOG.atWarn()
                        .setCause(ErrorText.loggable(e))
                        .log(
                                "The host's listener {} threw an exception",
                                listener.getClass().getName());
            }
        }
    }
}
