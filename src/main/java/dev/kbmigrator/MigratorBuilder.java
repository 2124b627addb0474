package dev.kbmigrator;

import dev.kbmigrator.internal.config.Concurrency;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.HostApplication;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Durations;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ListenerNotifier;
import dev.kbmigrator.internal.support.SystemEnvironment;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.Storage;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Migrator}. Required: {@link #migrations}, {@link #knowledgeBoxes} and {@link #storage}. Not safe for use by many threads; {@link #build()} copies what was set, so that a
 * later setter cannot reach what was built.
 */
public final class MigratorBuilder {

    private static final int MOST_CHARACTERS = 200;
    private static final Duration SHORTEST_TTL = Duration.ofMillis(100);

    private @Nullable Migrations migrations;
    private @Nullable StateStore stateStore;
    private @Nullable Lock lock;
    private @Nullable KnowledgeBoxes knowledgeBoxes;
    private final Map<Class<?>, Object> services = new HashMap<>();
    private final List<MigratorListener> listeners = new ArrayList<>();
    private @Nullable Executor executor;
    private @Nullable String node;
    private String buildId = "unknown";
    private long baselineVersion;
    private boolean consecutiveVersions;
    private int kbConcurrency = 5;
    private int storeConcurrency = 4;
    private Duration leaseTtl = Duration.ofSeconds(30);
    private Duration activeLookInterval = Duration.ofSeconds(2);
    private Duration idleLookInterval = Duration.ofSeconds(15);
    private Duration listingInterval = Duration.ofMinutes(5);
    private Duration firstBackoff = Duration.ofSeconds(1);
    private Duration longestBackoff = Duration.ofMinutes(5);
    private @Nullable Duration attemptTimeout;
    private Duration rolloutGrace = Duration.ofMinutes(15);

    MigratorBuilder() {}

    /**
     * Where the migrations come from.
     *
     * @param source a package, ServiceLoader, or an explicit list
     * @return this builder
     */
    public MigratorBuilder migrations(Migrations source) {
        migrations = Objects.requireNonNull(source, "source");
        return this;
    }

    /**
     * Where the state is kept, and what keeps replicas apart, over one service.
     *
     * @param storage the state store and the lock
     * @return this builder
     */
    public MigratorBuilder storage(Storage storage) {
        return storage(storage.stateStore(), storage.lock());
    }

    /**
     * Where the state is kept, and what keeps replicas from doing the same work.
     *
     * @param newStore the state store; migrations can ask for it by its class
     * @param newLock the lock; it may be over another service than the store
     * @return this builder
     */
    public MigratorBuilder storage(StateStore newStore, Lock newLock) {
        stateStore = Objects.requireNonNull(newStore, "newStore");
        lock = Objects.requireNonNull(newLock, "newLock");
        return this;
    }

    /**
     * The host's own list of its KBs.
     *
     * @param list the list
     * @return this builder
     */
    public MigratorBuilder knowledgeBoxes(KnowledgeBoxes list) {
        knowledgeBoxes = Objects.requireNonNull(list, "list");
        return this;
    }

    /**
     * Something that migrations can ask for with {@link MigrationContext#service}.
     *
     * @param <T> its type
     * @param type the type under which they ask for it; a later service of the same type replaces the one before
     * @param service the service
     * @return this builder
     */
    public <T> MigratorBuilder service(Class<T> type, T service) {
        services.put(type, type.cast(Objects.requireNonNull(service, "service")));
        return this;
    }

    /**
     * Someone to tell of what this replica does.
     *
     * @param listener the listener
     * @return this builder
     */
    public MigratorBuilder listener(MigratorListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /**
     * Where the migrations' parts run; by default daemon threads that live while there is something to run. How many run at a
     * time is bounded by {@link #kbConcurrency}, so an unbounded executor, such as one with a virtual thread a task, is fine.
     *
     * @param hostExecutor the executor; the migrator does not shut it down. It must not run tasks in the thread that submits
     *     them
     * @return this builder
     */
    public MigratorBuilder executor(Executor hostExecutor) {
        executor = Objects.requireNonNull(hostExecutor, "hostExecutor");
        return this;
    }

    /**
     * The machine that this replica runs on, for people to read; by default the machine's host name.
     *
     * @param name at most 200 characters
     * @return this builder
     */
    public MigratorBuilder node(String name) {
        node = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * Which build of the application this is, such as a version or a commit, for people to read; {@code unknown} by default.
     *
     * @param name at most 200 characters
     * @return this builder
     */
    public MigratorBuilder buildId(String name) {
        buildId = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * The version at which a fleet is that was there before the migrator: migrations up to it are never run, and KBs that
     * nobody registered are enrolled at it. What the first replica ever says counts.
     *
     * @param version at least 0, the default
     * @return this builder
     */
    public MigratorBuilder baselineVersion(long version) {
        baselineVersion = version;
        return this;
    }

    /**
     * Refuses a gap between versions.
     *
     * @param required whether to; by default gaps are fine
     * @return this builder
     */
    public MigratorBuilder requireConsecutiveVersions(boolean required) {
        consecutiveVersions = required;
        return this;
    }

    /**
     * How many KBs this replica runs at a time.
     *
     * @param kbs at least 1; 5 by default
     * @return this builder
     */
    public MigratorBuilder kbConcurrency(int kbs) {
        kbConcurrency = kbs;
        return this;
    }

    /**
     * How many threads of this replica write batches of KBs at a time, and so how many connections that needs at most; with one,
     * another reads meanwhile. A few more serve the coordinator, the leases and checkpoints.
     *
     * @param threads at least 1; 4 by default
     * @return this builder
     */
    public MigratorBuilder storeConcurrency(int threads) {
        storeConcurrency = threads;
        return this;
    }

    /**
     * How long a lease lives unless it is renewed: after at most this, the KBs of a replica that was killed go on elsewhere.
     *
     * @param ttl at least 100 ms; 30 s by default
     * @return this builder
     */
    public MigratorBuilder leaseTtl(Duration ttl) {
        leaseTtl = Objects.requireNonNull(ttl, "ttl");
        return this;
    }

    /**
     * The time between two looks at the shared state.
     *
     * @param active while there is something to do; 2 s by default
     * @param idle while there is not; 15 s by default
     * @return this builder
     */
    public MigratorBuilder lookInterval(Duration active, Duration idle) {
        activeLookInterval = Objects.requireNonNull(active, "active");
        idleLookInterval = Objects.requireNonNull(idle, "idle");
        return this;
    }

    /**
     * The time between two listings of the host's KBs, by one replica of the fleet.
     *
     * @param interval 5 minutes by default
     * @return this builder
     */
    public MigratorBuilder listingInterval(Duration interval) {
        listingInterval = Objects.requireNonNull(interval, "interval");
        return this;
    }

    /**
     * How long a failing KB or global part waits before it is tried again: twice as long each time, drawn at random from the
     * upper half of that.
     *
     * @param first the longest first delay; 1 s by default
     * @param longest the longest of all; 5 minutes by default
     * @return this builder
     */
    public MigratorBuilder backoff(Duration first, Duration longest) {
        firstBackoff = Objects.requireNonNull(first, "first");
        longestBackoff = Objects.requireNonNull(longest, "longest");
        return this;
    }

    /**
     * How long a part may run before it is cancelled and counts as failed, unless the migration says otherwise. It is looked at 24
     * times a {@link #leaseTtl ttl}, so a part may run a 24th of it longer.
     *
     * @param timeout a positive duration; by default there is no limit
     * @return this builder
     */
    public MigratorBuilder attemptTimeout(Duration timeout) {
        attemptTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * How long a migration that {@link Migration#requiresFullRollout needs a full rollout} waits for a replica that is silent:
     * one that neither says goodbye nor announces itself any more, such as one that was killed. Measured by the store's clock
     * from when it was last seen. After half of it a replica that cannot announce itself is no longer
     * {@link Migrator#readiness() ready}. Give every replica of a fleet the same.
     *
     * @param grace a positive duration; 15 minutes by default
     * @return this builder
     */
    public MigratorBuilder rolloutGrace(Duration grace) {
        rolloutGrace = Objects.requireNonNull(grace, "grace");
        return this;
    }

    /**
     * Finds the migrations, checks everything, and builds. Nothing is read or written yet.
     *
     * @return the migrator
     * @throws InvalidMigrationsException when something is missing or wrong; it names all of it at once
     */
    public Migrator build() {
        List<String> problems = new ArrayList<>();
        Migrations source = required(migrations, "migrations(...)", problems);
        StateStore store = required(stateStore, "storage(...)", problems);
        KnowledgeBoxes list = required(knowledgeBoxes, "knowledgeBoxes(...)", problems);
        checkNumbers(problems);
        List<Migration> found = source == null ? List.of() : source.find(problems::add);
        MigrationCatalog catalog = MigrationCatalog.of(found, consecutiveVersions, attemptTimeout, problems);
        if (!problems.isEmpty() || store == null || lock == null || list == null) {
            throw new InvalidMigrationsException(problems);
        }
        Environment environment = new SystemEnvironment();
        Identity identity = new Identity(environment.nonce(), node == null ? machineName() : node, buildId);
        HostApplication host = new HostApplication(
                list,
                servicesWith(store),
                new ListenerNotifier(listeners),
                executor == null ? SystemEnvironment.newExecutor() : executor);
        Timings timings = new Timings(
                Durations.bounded(leaseTtl),
                Durations.bounded(activeLookInterval),
                Durations.bounded(idleLookInterval),
                Durations.bounded(listingInterval),
                new Backoff(Durations.bounded(firstBackoff), Durations.bounded(longestBackoff)),
                Durations.bounded(rolloutGrace));
        return new Migrator(new Engine(new EngineConfig(
                new LocalBuild(identity, catalog, baselineVersion),
                new Storage(store, lock),
                host,
                new Concurrency(kbConcurrency, storeConcurrency),
                timings,
                environment)));
    }

    private Services servicesWith(StateStore store) {
        Map<Class<?>, Object> all = new HashMap<>(services);
        all.put(store.getClass(), store);
        all.putIfAbsent(StateStore.class, store);
        return new Services(all);
    }

    private static <T> @Nullable T required(@Nullable T value, String setter, List<String> problems) {
        if (value == null) {
            problems.add("nothing was set with " + setter);
        }
        return value;
    }

    private void checkNumbers(List<String> problems) {
        checkText(node, "node", problems);
        checkText(buildId, "buildId", problems);
        check(kbConcurrency >= 1, "kbConcurrency is at least 1, not " + kbConcurrency, problems);
        check(storeConcurrency >= 1, "storeConcurrency is at least 1, not " + storeConcurrency, problems);
        check(baselineVersion >= 0, "baselineVersion is at least 0, not " + baselineVersion, problems);
        check(
                leaseTtl.compareTo(SHORTEST_TTL) >= 0,
                "leaseTtl is at least " + SHORTEST_TTL + ", not " + leaseTtl,
                problems);
        checkPositive(activeLookInterval, "the active lookInterval", problems);
        checkPositive(idleLookInterval, "the idle lookInterval", problems);
        checkPositive(listingInterval, "listingInterval", problems);
        checkPositive(firstBackoff, "the first backoff", problems);
        check(
                longestBackoff.compareTo(firstBackoff) >= 0,
                "the longest backoff, " + longestBackoff + ", is shorter than the first, " + firstBackoff,
                problems);
        checkPositive(rolloutGrace, "rolloutGrace", problems);
        if (attemptTimeout != null) {
            checkPositive(attemptTimeout, "attemptTimeout", problems);
        }
    }

    private static void checkText(@Nullable String text, String what, List<String> problems) {
        check(
                text == null || text.length() <= MOST_CHARACTERS,
                what + "(...) takes at most " + MOST_CHARACTERS + " characters",
                problems);
    }

    private static void checkPositive(Duration duration, String what, List<String> problems) {
        check(duration.compareTo(Duration.ofMillis(1)) >= 0, what + " is at least 1 ms, not " + duration, problems);
    }

    private static void check(boolean right, String problem, List<String> problems) {
        if (!right) {
            problems.add(problem);
        }
    }

    private static String machineName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}
