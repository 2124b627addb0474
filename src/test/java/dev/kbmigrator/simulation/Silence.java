package dev.kbmigrator.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Keeps the engine from logging the thousands of troubles that a simulation makes for it. */
final class Silence implements BeforeAllCallback, AfterAllCallback {

    private final Logger engine = (Logger) LoggerFactory.getLogger("dev.kbmigrator.internal.engine");

    @Override
    public void beforeAll(ExtensionContext context) {
        engine.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        engine.setLevel(null);
    }
}
