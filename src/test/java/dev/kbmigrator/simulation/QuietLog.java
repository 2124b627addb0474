package dev.kbmigrator.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Keeps the library from logging the thousands of troubles that a simulation makes for it; an error that it logs is reported to
 * the simulation in whose thread it did.
 */
final class QuietLog implements BeforeAllCallback, AfterAllCallback {

    private static final Logger LIBRARY = (Logger) LoggerFactory.getLogger("dev.kbmigrator");

    private Alarm alarm = new Alarm();

    @Override
    public void beforeAll(ExtensionContext context) {
        alarm = keep();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LIBRARY.detachAppender(alarm);
        LIBRARY.setAdditive(true);
        LIBRARY.setLevel(null);
    }

    /** From here on. */
    static Alarm keep() {
        Alarm alarm = new Alarm();
        alarm.start();
        LIBRARY.setLevel(Level.ERROR);
        LIBRARY.setAdditive(false);
        LIBRARY.addAppender(alarm);
        return alarm;
    }

    static final class Alarm extends AppenderBase<ILoggingEvent> {

        @Override
        protected void append(ILoggingEvent event) {
            boolean dies = event.getThrowableProxy() instanceof ThrowableProxy proxy
                    && proxy.getThrowable() instanceof SimulatedDeath;
            if (!dies && Thread.currentThread() instanceof PoolThread thread) {
                thread.scheduler().errorLogged(event.getFormattedMessage());
            }
        }
    }
}
