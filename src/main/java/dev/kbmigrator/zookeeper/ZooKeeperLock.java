package dev.kbmigrator.zookeeper;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.zookeeper.LockNodes.Session;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.utils.PathUtils;

/**
 * Leases in ZooKeeper, over the host's Curator client and its session. Safe for use by many threads.
 *
 * <ol>
 *   <li>An acquisition makes two ephemeral nodes in one transaction: {@code locks/<name>}, which excludes, and
 *       {@code owners/<nonce>}, which says whose it is. One attempt; when the name has a node, the answer is empty.
 *   <li>A renewal asks the leader whether both are there, in the session that made them. If not, or if the client has another
 *       session by now, the lease is lost; without a connection the outcome is unknown, and the renewal throws.
 *   <li>A release deletes both in one transaction, or none.
 * </ol>
 *
 * <p><b>When a lease ends.</b> A live session keeps its nodes for ever, so a lease that is not renewed within its ttl, by the
 * monotonic clock of this process, is lost, and its nodes are deleted by this process: at once, or as soon as the connection
 * is back. When the process dies, or loses its connection for good, ZooKeeper deletes them at the end of the session. So:
 *
 * <ul>
 *   <li>The session must last at least as long as a lease: a ttl above the negotiated session timeout is refused with an
 *       {@link IllegalArgumentException}. Else a lease could end early, while a connection is replaced. The servers may
 *       negotiate the client's timeout down ({@code maxSessionTimeout}, 20 ticks unless set).
 *   <li>What a dead replica held is free after the session timeout, not after the ttl, if that is shorter. Give the client a
 *       session timeout at or little above the ttl, if a take-over within the ttl matters.
 *   <li>A session can end before a lease's ttl: when the host closes the client, an operator ends the session, or Curator
 *       gives it up. The lease is then lost early; the next renewal says so. The engine, whose work the epoch protects, goes
 *       on where it left off.
 * </ul>
 *
 * <p>How long a call may take while the connection falters is a matter of the client's retry policy and timeouts; keep the two
 * together below a third of the ttl. An acquisition whose outcome is unknown is undone in the background. The client's
 * namespace and ACL provider apply. A client that may be read-only ({@code canBeReadOnly}) never grants or renews while it is.
 *
 * <p>A daemon thread watches the leases, while there are some.
 */
public final class ZooKeeperLock implements Lock {

    private static final String DEFAULT_PATH = "/kb-migrator";

    private final LockNodes nodes;
    private final Leftovers leftovers;
    private final ScheduledExecutorService timer = newTimer();

    private ZooKeeperLock(LockNodes nodes) {
        this.nodes = nodes;
        this.leftovers = new Leftovers(nodes);
    }

    /**
     * A lock with its nodes under {@code /kb-migrator}. Does no I/O.
     *
     * @param client started and closed by the host
     * @return the lock
     */
    public static ZooKeeperLock create(CuratorFramework client) {
        return create(client, DEFAULT_PATH);
    }

    /**
     * A lock with its nodes under a path of its own, which is made at the first use. Does no I/O.
     *
     * @param client started and closed by the host
     * @param path where the nodes are, within the client's namespace; the same for all replicas, another for each fleet
     * @return the lock
     * @throws IllegalArgumentException if the path is not one
     */
    public static ZooKeeperLock create(CuratorFramework client, String path) {
        Objects.requireNonNull(client, "client");
        return new ZooKeeperLock(new LockNodes(client, PathUtils.validatePath(path)));
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        requirePositive(ttl);
        leftovers.sweep();
        Claim claim = Claim.of(name);
        long deadline = System.nanoTime() + ttl.toNanos();
        Session session = nodes.session();
        requireNotAbove(ttl, session);
        if (!create(claim, session)) {
            return Optional.empty();
        }
        ZooKeeperLease lease = new ZooKeeperLease(this, claim, session.id());
        lease.expireAt(deadline);
        return Optional.of(lease);
    }

    private boolean create(Claim claim, Session session) {
        try {
            boolean created = nodes.create(claim);
            if (created && nodes.session().id() != session.id()) {
                throw new IllegalStateException(
                        "the ZooKeeper session was replaced during the acquisition of " + claim.name());
            }
            return created;
        } catch (RuntimeException e) {
            leftovers.add(claim);
            throw e;
        }
    }

    LockNodes nodes() {
        return nodes;
    }

    Leftovers leftovers() {
        return leftovers;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    static void requirePositive(Duration ttl) {
        if (ttl.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("a lease lives for at least 1 ms, not " + ttl);
        }
    }

    static void requireNotAbove(Duration ttl, Session session) {
        Duration timeout = Duration.ofMillis(session.timeoutMillis());
        if (ttl.compareTo(timeout) > 0) {
            throw new IllegalArgumentException(
                    "a lease of " + ttl + " cannot be held in a ZooKeeper session that times out"
                            + " after " + timeout
                            + ": raise the client's session timeout, and the servers' maxSessionTimeout if"
                            + " they cut it down, or shorten the lease");
        }
    }

    private static ScheduledExecutorService newTimer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "kb-migrator-zookeeper");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
