package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;
import net.javacrumbs.shedlock.core.ClockProvider;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;

/**
 * Leases over a ShedLock provider that can extend a lock, such as JDBC, Redis or MongoDB. Safe for use by many
 * threads.
 *
 * <p>What ShedLock promises is less than {@link Lock} asks for, so each call closes a gap:
 *
 * <ol>
 *   <li>An acquisition is {@code lock} with a {@code lockAtMostFor} of the ttl, rounded up and one millisecond longer, since
 *       ShedLock cuts its clock to milliseconds; {@code lockAtLeastFor} is zero.
 *   <li>A renewal is {@code extend}, which checks the owner. It is sent only while this lease cannot have expired, by the
 *       monotonic clock of this process; a response that arrives later than that counts as lost. A lease that this process
 *       has once reported as lost stays lost. An exception leaves everything as it was, so the next renewal tries again.
 *   <li>A release is {@code extend} by zero. ShedLock's {@code unlock} does not check the owner in most providers (JDBC,
 *       MongoDB), so a late one would free the lock under its next owner.
 * </ol>
 *
 * <p><b>Owners.</b> What {@code extend} compares differs:
 *
 * <table class="striped">
 *   <caption>What tells two acquisitions apart</caption>
 *   <thead>
 *     <tr><th scope="col">provider</th><th scope="col">owner value</th><th scope="col">use</th></tr>
 *   </thead>
 *   <tbody>
 *     <tr><td>Redis (Jedis, Lettuce, Spring)</td><td>a random one for each lock, compared only with {@code safeUpdate}</td>
 *       <td>{@link #create}, always with {@code safeUpdate = true}</td></tr>
 *     <tr><td>JdbcTemplate</td><td>{@code lockedByValue}</td>
 *       <td>{@link #perAcquisition} with {@code withLockedByValue}</td></tr>
 *     <tr><td>plain JDBC, MongoDB and the others</td><td>the node's name</td><td>{@link #create}</td></tr>
 *   </tbody>
 * </table>
 *
 * <p>Where the owner is the node's name, the rule about the monotonic clock tells leases of one node apart. One case is left: a
 * release that was sent in time, but took effect only after the lease had expired and another lease had been granted to the same
 * node, ends that other lease; its next renewal returns LOST. A Redis provider without {@code safeUpdate} refuses
 * each release with an error, and its leases run until they expire.
 *
 * <p><b>Clocks.</b> Most providers write and compare the node's time, so the nodes' clocks must agree to well within the ttl. For
 * JdbcTemplate, prefer {@code usingDbTime()}, which uses the database's clock. Redis counts down by itself.
 *
 * <p><b>Names.</b> A name of kb-migrator is the key in the provider's table, collection or key space, up to 100 characters;
 * ShedLock's documentation gives its {@code name} column 64, which is enough for the names that the engine uses now.
 *
 * <p><b>Not accepted:</b> a provider that cannot extend (DynamoDB, ZooKeeper, etcd, Hazelcast and others; for ZooKeeper see
 * {@code dev.kbmigrator.zookeeper}), and {@link KeepAliveLockProvider}, whose renewal ends unnoticed at its first exception.
 */
public final class ShedLockLock implements Lock {

    private final Function<String, ? extends LockProvider> providers;
    private final LongSupplier nanoTime;

    ShedLockLock(Function<String, ? extends LockProvider> providers, LongSupplier nanoTime) {
        this.providers = providers;
        this.nanoTime = nanoTime;
    }

    /**
     * Creates a lock over one provider, which makes the owner's value by itself. Does no I/O.
     *
     * @param provider one that can extend its locks
     * @return the lock
     * @throws IllegalArgumentException if it cannot, or is a {@link KeepAliveLockProvider}
     */
    public static ShedLockLock create(LockProvider provider) {
        ExtensibleLockProvider extensible = requireExtensible(provider);
        return new ShedLockLock(owner -> extensible, System::nanoTime);
    }

    /**
     * Creates a lock over a provider that is created for each acquisition, with an owner's value that no other acquisition has:
     *
     * <pre>{@code
     * ShedLockLock.perAcquisition(owner -> new JdbcTemplateLockProvider(
     *         JdbcTemplateLockProvider.Configuration.builder()
     *                 .withJdbcTemplate(jdbcTemplate)
     *                 .withLockedByValue(owner)
     *                 .usingDbTime()
     *                 .build()));
     * }</pre>
     *
     * <p>A new provider does not know which rows exist, so an acquisition begins with an insert. The function is called once
     * here, to check what it makes, and must do no I/O.
     *
     * @param providerOfOwner makes a provider that can extend its locks, given an owner's value of 36 ASCII characters
     * @return the lock
     * @throws IllegalArgumentException if what it makes cannot extend, or is a {@link KeepAliveLockProvider}
     */
    public static ShedLockLock perAcquisition(Function<String, ? extends LockProvider> providerOfOwner) {
        requireExtensible(providerOfOwner.apply(newOwner()));
        return new ShedLockLock(owner -> requireExtensible(providerOfOwner.apply(owner)), System::nanoTime);
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        Duration atMost = ShedLockLease.lockAtMostFor(ttl);
        LockProvider provider = providers.apply(newOwner());
        long deadline = nanoTime.getAsLong() + ttl.toNanos();
        return provider.lock(new LockConfiguration(ClockProvider.now(), name, atMost, Duration.ZERO))
                .map(lock -> new ShedLockLease(name, lock, deadline, nanoTime));
    }

    private static String newOwner() {
        return UUID.randomUUID().toString();
    }

    private static ExtensibleLockProvider requireExtensible(LockProvider provider) {
        Objects.requireNonNull(provider, "provider");
        if (provider instanceof KeepAliveLockProvider) {
            throw new IllegalArgumentException("KeepAliveLockProvider stops renewing at its first exception, and nobody"
                    + " learns of it; pass the provider that it wraps, kb-migrator renews by itself");
        }
        if (provider instanceof ExtensibleLockProvider extensible) {
            return extensible;
        }
        throw new IllegalArgumentException(provider.getClass().getName()
                + " cannot extend its locks (it is no ExtensibleLockProvider), so a lease could not be renewed and would"
                + " end in the middle of a migration; use a provider that can, such as those for JDBC, Redis or MongoDB,"
                + " or another lock of kb-migrator");
    }
}
