package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.support.LogCapture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ListenerNotifierTest {

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.WARN);

    private final List<String> told = new ArrayList<>();

    private MigratorListener named(String name) {
        return new MigratorListener() {
            @Override
            public void versionReached(long version) {
                told.add(name + " " + version);
            }
        };
    }

    /** Throws what a test says. */
    private static final class Broken implements MigratorListener {

        private final Throwable error;

        private Broken(Throwable error) {
            this.error = error;
        }

        @Override
        public void versionReached(long version) {
            if (error instanceof Error serious) {
                throw serious;
            }
            throw (RuntimeException) error;
        }
    }

    private static final class Unprintable extends RuntimeException {

        @Override
        public String getMessage() {
            throw new IllegalStateException("cannot be printed");
        }
    }

    @Test
    void eachListenerIsToldInTurn() {
        new ListenerNotifier(List.of(named("a"), named("b"))).tell(listener -> listener.versionReached(3));
        assertThat(told).containsExactly("a 3", "b 3");
        assertThat(log.messages(Level.WARN)).isEmpty();
    }

    @Test
    void aListenerThatThrowsIsLoggedAndTheOthersAreTold() {
        new ListenerNotifier(List.of(
                        new Broken(new IllegalStateException("broken")),
                        new Broken(new AssertionError("broken")),
                        new Broken(new Unprintable()),
                        named("a")))
                .tell(listener -> listener.versionReached(3));
        assertThat(told).containsExactly("a 3");
        assertThat(log.messages(Level.WARN))
                .hasSize(3)
                .containsOnly("The host's listener " + Broken.class.getName() + " threw an exception");
    }

    @Test
    void aListenerThatTheHostAddsLaterIsNotTold() {
        List<MigratorListener> listeners = new ArrayList<>(List.of(named("a")));
        ListenerNotifier notifier = new ListenerNotifier(listeners);
        listeners.add(named("b"));
        notifier.tell(listener -> listener.versionReached(3));
        assertThat(told).containsExactly("a 3");
    }
}
