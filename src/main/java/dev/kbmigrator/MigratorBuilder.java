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
import dev.kbmigrator.internal.support.ShortText;
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
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Migrator}.
 *
 * <p>{@link #migrations}, {@link #knowledgeBoxes} and {@link #storage} are required; everything else has a default. {@link #build()}
 * checks all values, and copies them: later changes to the builder do not affect a migrator that was built before. Durations of
 * more than ten years count as ten years.
 *
 * <p>Not safe for use by many threads.
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
    private String fleet = "";
    private long baselineVersion;
    private boolean failOnConflict;
    private Optional<String> fleetProblem = Optional.empty();
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
     * Sets where the migrations come from. Required.
     *
     * @param source a package, {@link java.util.ServiceLoader}, or an explicit list
     * @return this builder
     * @throws NullPointerException if the source is null
     */
    public MigratorBuilder migrations(Migrations source) {
        migrations = Objects.requireNonNull(source, "source");
        return this;
    }

    /**
     * Sets where the state is stored, and how replicas lock their work, if one service does both. Required, unless the two are set
     * with {@link #storage(StateStore, Lock)}.
     *
     * @param storage the state store and the lock
     * @return this builder
     * @throws NullPointerException if the storage, or a part of it, is null
     */
    public MigratorBuilder storage(Storage storage) {
        return storage(storage.stateStore(), storage.lock());
    }

    /**
     * Sets where the state is stored, and how replicas lock their work, if two services do it. Required, unless the two are set with
     * {@link #storage(Storage)}.
     *
     * @param newStore the state store; migrations can get it with {@link MigrationContext#service} by its class
     * @param newLock the lock; it may use another service than the state store
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public MigratorBuilder storage(StateStore newStore, Lock newLock) {
        stateStore = Objects.requireNonNull(newStore, "newStore");
        lock = Objects.requireNonNull(newLock, "newLock");
        return this;
    }

    /**
     * Sets the host's own list of its KBs. Required.
     *
     * @param list the list
     * @return this builder
     * @throws NullPointerException if the list is null
     */
    public MigratorBuilder knowledgeBoxes(KnowledgeBoxes list) {
        knowledgeBoxes = Objects.requireNonNull(list, "list");
        return this;
    }

    /**
     * Adds a service that migrations can get with {@link MigrationContext#service}. It replaces a service that was added under the
     * same type before.
     *
     * @param <T> the type of the service
     * @param type the type under which migrations ask for the service
     * @param service the service; it must be safe for use by many threads
     * @return this builder
     * @throws NullPointerException if an argument is null
     * @throws ClassCastException if the service is not an instance of the type
     */
    public <T> MigratorBuilder service(Class<T> type, T service) {
        services.put(type, type.cast(Objects.requireNonNull(service, "service")));
        return this;
    }

    /**
     * Adds a listener for the events of this replica. Listeners are called in the order in which they were added.
     *
     * @param listener the listener
     * @return this builder
     * @throws NullPointerException if the listener is null
     */
    public MigratorBuilder listener(MigratorListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
        return this;
    }

    /**
     * Sets the executor that runs the parts of the migrations. By default, they run in daemon threads that end when there is nothing
     * left to run.
     *
     * <p>{@link #kbConcurrency} limits how many parts run at a time, so an unbounded executor, such as one that starts a virtual
     * thread per task, is fine. The migrator does not shut the executor down.
     *
     * @param hostExecutor the executor; it must not run tasks in the thread that submits them
     * @return this builder
     * @throws NullPointerException if the executor is null
     */
    public MigratorBuilder executor(Executor hostExecutor) {
        executor = Objects.requireNonNull(hostExecutor, "hostExecutor");
        return this;
    }

    /**
     * Sets the name of the machine that this replica runs on, for people to read. By default, this is the machine's host name.
     *
     * @param name the name, at most 200 characters, all of which print; {@link #build()} refuses any other
     * @return this builder
     * @throws NullPointerException if the name is null
     */
    public MigratorBuilder node(String name) {
        node = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * Sets which build of the application this is, such as a version number or a commit, for people to read. The default is {@code
     * unknown}.
     *
     * @param name the name of the build, at most 200 characters, all of which print; {@link #build()} refuses any other
     * @return this builder
     * @throws NullPointerException if the name is null
     */
    public MigratorBuilder buildId(String name) {
        buildId = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * Sets the name of the fleet. By default, a fleet has no name. The first build stores its name with the fleet's state; from then on,
     * a build with another name, or with none, is refused: it lists, enrols, migrates and forgets nothing. So two services that use the
     * same tables by mistake do not touch each other's KBs.
     *
     * <p>A build with a name that finds a fleet without one stands by until {@link Migrator#nameFleet} has given the name to the fleet.
     *
     * @param name the name, at most 200 characters, not blank, all of which print; {@link #build()} refuses any other
     * @return this builder
     * @throws NullPointerException if the name is null
     */
    public MigratorBuilder fleet(String name) {
        fleet = Objects.requireNonNull(name, "name");
        fleetProblem = fleetProblem(name);
        return this;
    }

    /** Returns what is wrong with the name of a fleet; empty if nothing is. */
    static Optional<String> fleetProblem(String name) {
        List<String> problems = new ArrayList<>();
        check(!Objects.requireNonNull(name, "name").isBlank(), "the name of a fleet must not be blank", problems);
        checkText(name, "the name of a fleet", problems);
        return problems.stream().findFirst();
    }

    /**
     * Makes {@link Migrator#start()} fail if the migrations conflict with the fleet's plan. It then reads the plan before it starts
     * anything, which is one call to the state store; if the store does not respond, the migrator starts all the same. By default, a
     * conflict is logged, and the replica is not {@linkplain Migrator#readiness() ready}.
     *
     * @return this builder
     */
    public MigratorBuilder failOnConflict() {
        failOnConflict = true;
        return this;
    }

    /**
     * Sets the version of a fleet that existed before it used the migrator. Migrations up to this version never run, and KBs that
     * were not registered are enrolled at it. Only the value of the fleet's very first replica counts; it is stored.
     *
     * @param version the version, at least 0; 0 by default. {@link #build()} refuses a negative one
     * @return this builder
     */
    public MigratorBuilder baselineVersion(long version) {
        baselineVersion = version;
        return this;
    }

    /**
     * Sets whether the versions must be consecutive. If so, {@link #build()} refuses gaps between them.
     *
     * @param required whether gaps are refused; false by default
     * @return this builder
     */
    public MigratorBuilder requireConsecutiveVersions(boolean required) {
        consecutiveVersions = required;
        return this;
    }

    /**
     * Sets how many KBs this replica migrates at a time.
     *
     * @param kbs the number, at least 1; 5 by default. {@link #build()} refuses a smaller one
     * @return this builder
     */
    public MigratorBuilder kbConcurrency(int kbs) {
        kbConcurrency = kbs;
        return this;
    }

    /**
     * Sets how many threads of this replica may write batches of KBs to the state store at a time. They need as many connections.
     * The coordinator, the leases and checkpoints need a few more. With 1, a second thread reads KBs while the first one writes.
     *
     * @param threads the number, at least 1; 4 by default. {@link #build()} refuses a smaller one
     * @return this builder
     */
    public MigratorBuilder storeConcurrency(int threads) {
        storeConcurrency = threads;
        return this;
    }

    /**
     * Sets how long a lease lives unless it is renewed. If a replica is killed, other replicas can take over its KBs after this time
     * at most.
     *
     * @param ttl the lifetime, at least 100 ms; 30 s by default. {@link #build()} refuses a shorter one
     * @return this builder
     * @throws NullPointerException if the ttl is null
     */
    public MigratorBuilder leaseTtl(Duration ttl) {
        leaseTtl = Objects.requireNonNull(ttl, "ttl");
        return this;
    }

    /**
     * Sets the time between two looks of this replica at the shared state. {@link #build()} refuses intervals below 1 ms.
     *
     * @param active the interval while there is something to do; 2 s by default
     * @param idle the interval while there is nothing to do; 15 s by default
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public MigratorBuilder lookInterval(Duration active, Duration idle) {
        activeLookInterval = Objects.requireNonNull(active, "active");
        idleLookInterval = Objects.requireNonNull(idle, "idle");
        return this;
    }

    /**
     * Sets the time between two listings of the host's KBs. One replica lists them for the whole fleet.
     *
     * @param interval the interval, at least 1 ms; 5 minutes by default. {@link #build()} refuses a shorter one
     * @return this builder
     * @throws NullPointerException if the interval is null
     */
    public MigratorBuilder listingInterval(Duration interval) {
        listingInterval = Objects.requireNonNull(interval, "interval");
        return this;
    }

    /**
     * Sets how long to wait before a failed KB part or global part is tried again. The longest delay doubles with each failure, from
     * {@code first} up to {@code longest}. The actual delay is chosen at random between half of that and all of it.
     *
     * @param first the longest delay after the first failure, at least 1 ms; 1 s by default. {@link #build()} refuses a shorter one
     * @param longest the longest delay of all, at least {@code first}; 5 minutes by default. {@link #build()} refuses a shorter one
     * @return this builder
     * @throws NullPointerException if an argument is null
     */
    public MigratorBuilder backoff(Duration first, Duration longest) {
        firstBackoff = Objects.requireNonNull(first, "first");
        longestBackoff = Objects.requireNonNull(longest, "longest");
        return this;
    }

    /**
     * Sets how long one execution of a part may take before it is cancelled and counts as failed. A migration can set {@linkplain
     * Migration#timeout its own limit}. The limit is checked 24 times per {@linkplain #leaseTtl lease ttl}, so a part may run longer
     * by a 24th of the ttl.
     *
     * @param timeout the limit, at least 1 ms; by default, there is none. {@link #build()} refuses a shorter one
     * @return this builder
     * @throws NullPointerException if the timeout is null
     */
    public MigratorBuilder attemptTimeout(Duration timeout) {
        attemptTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long a migration that {@linkplain Migration#requiresFullRollout requires a full rollout} waits for a silent replica:
     * one that no longer announces itself but has not signed off either, for example because it was killed. The time is measured by
     * the state store's clock, from when the replica was last seen.
     *
     * <p>A replica that cannot announce itself is no longer {@linkplain Migrator#readiness() ready} after half of this time. Set the
     * same value on every replica of a fleet.
     *
     * @param grace the time, at least 1 ms; 15 minutes by default. {@link #build()} refuses a shorter one
     * @return this builder
     * @throws NullPointerException if the time is null
     */
    public MigratorBuilder rolloutGrace(Duration grace) {
        rolloutGrace = Objects.requireNonNull(grace, "grace");
        return this;
    }

    /**
     * Finds the migrations, checks them and all settings, and creates the migrator. Does not use the state store or the lock yet.
     *
     * @return the migrator
     * @throws InvalidMigrationsException if something is missing or wrong; the exception names every problem
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
        Identity identity =
                new Identity(environment.nonce(), node == null ? ShortText.shown(machineName()) : node, buildId);
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
        EngineConfig config = new EngineConfig(
                new LocalBuild(identity, catalog, baselineVersion, fleet),
                new Storage(store, lock),
                host,
                new Concurrency(kbConcurrency, storeConcurrency),
                timings,
                environment);
        return new Migrator(new Engine(config), failOnConflict);
    }

    private Services servicesWith(StateStore store) {
        Map<Class<?>, Object> all = new HashMap<>(services);
        all.put(store.getClass(), store);
        all.putIfAbsent(StateStore.class, store);
        return new Services(all);
    }

    private static <T> @Nullable T required(@Nullable T value, String setter, List<String> problems) {
        if (value == null) {
            problems.add(setter + " was not called, but is required");
        }
        return value;
    }

    private void checkNumbers(List<String> problems) {
        checkText(node, "node", problems);
        checkText(buildId, "buildId", problems);
        fleetProblem.ifPresent(problems::add);
        check(kbConcurrency >= 1, "kbConcurrency must be at least 1, not " + kbConcurrency, problems);
        check(storeConcurrency >= 1, "storeConcurrency must be at least 1, not " + storeConcurrency, problems);
        check(baselineVersion >= 0, "baselineVersion must be at least 0, not " + baselineVersion, problems);
        check(
                leaseTtl.compareTo(SHORTEST_TTL) >= 0,
                "leaseTtl must be at least " + SHORTEST_TTL + ", not " + leaseTtl,
                problems);
        checkPositive(activeLookInterval, "the active lookInterval", problems);
        checkPositive(idleLookInterval, "the idle lookInterval", problems);
        checkPositive(listingInterval, "listingInterval", problems);
        checkPositive(firstBackoff, "the first backoff", problems);
        check(
                longestBackoff.compareTo(firstBackoff) >= 0,
                "the longest backoff must be at least the first one, " + firstBackoff + ", not " + longestBackoff,
                problems);
        checkPositive(rolloutGrace, "rolloutGrace", problems);
        if (attemptTimeout != null) {
            checkPositive(attemptTimeout, "attemptTimeout", problems);
        }
    }

    private static void checkText(@Nullable String text, String what, List<String> problems) {
        check(
                text == null || text.length() <= MOST_CHARACTERS,
                what + " must have at most " + MOST_CHARACTERS + " characters, not "
                        + (text == null ? 0 : text.length()),
                problems);
        check(
                text == null || ShortText.isPrintable(text),
                what + " must have only characters that print, not " + (text == null ? "" : ShortText.shown(text)),
                problems);
    }

    private static void checkPositive(Duration duration, String what, List<String> problems) {
        check(
                duration.compareTo(Duration.ofMillis(1)) >= 0,
                what + " must be at least 1 ms, not " + duration,
                problems);
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
