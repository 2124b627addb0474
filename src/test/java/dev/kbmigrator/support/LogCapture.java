package dev.kbmigrator.support;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** What the library logged during a test. */
public final class LogCapture extends AppenderBase<ILoggingEvent> implements BeforeEachCallback, AfterEachCallback {

    private static final Logger LIBRARY = (Logger) LoggerFactory.getLogger("dev.kbmigrator");

    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final @Nullable Level level;

    /** Of what the tests log usually. */
    public LogCapture() {
        this.level = null;
    }

    /** Of that level or above, which is logged for so long. */
    public LogCapture(Level level) {
        this.level = level;
    }

    /** The messages of that level or above, in order. */
    public List<String> messages(Level atLeast) {
        return events.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(atLeast))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    /** Whether each line had a stack trace, in order. */
    public List<Boolean> traces() {
        return events.stream().map(event -> event.getThrowableProxy() != null).toList();
    }

    @Override
    protected void append(ILoggingEvent event) {
        events.add(event);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        start();
        LIBRARY.setLevel(level);
        LIBRARY.addAppender(this);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        LIBRARY.detachAppender(this);
        LIBRARY.setLevel(null);
        stop();
    }
}
