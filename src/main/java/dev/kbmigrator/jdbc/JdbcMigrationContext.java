package dev.kbmigrator.jdbc;

import dev.kbmigrator.MigrationContext;
import java.util.Optional;
import java.util.function.Consumer;

/** The engine's context, except that a checkpoint commits the transaction so far. Belongs to one execution and its thread. */
final class JdbcMigrationContext implements MigrationContext {

    private final MigrationContext engine;
    private final Consumer<Object> saver;
    private boolean saved;

    JdbcMigrationContext(MigrationContext engine, Consumer<Object> saver) {
        this.engine = engine;
        this.saver = saver;
    }

    /** Whether a checkpoint was saved. */
    boolean hasSaved() {
        return saved;
    }

    @Override
    public void saveCheckpoint(Object checkpoint) {
        saver.accept(checkpoint);
        saved = true;
    }

    @Override
    public long version() {
        return engine.version();
    }

    @Override
    public String name() {
        return engine.name();
    }

    @Override
    public Optional<String> kbId() {
        return engine.kbId();
    }

    @Override
    public int attempt() {
        return engine.attempt();
    }

    @Override
    public long fencingToken() {
        return engine.fencingToken();
    }

    @Override
    public <T> T service(Class<T> type) {
        return engine.service(type);
    }

    @Override
    public <T> Optional<T> lastCheckpoint(Class<T> type) {
        return engine.lastCheckpoint(type);
    }

    @Override
    public void progress(String message) {
        engine.progress(message);
    }

    @Override
    public boolean isCancelled() {
        return engine.isCancelled();
    }

    @Override
    public void checkCancelled() {
        engine.checkCancelled();
    }

    @Override
    public String toString() {
        return engine.toString();
    }
}
