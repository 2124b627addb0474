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
 *       {@code owners/<nonce>}, which says whose it is. It is tried once; when the name has a node, the result is
 *       empty.
 *   <li>A renewal asks the leader whether both are there, in the session that made them. If not, or if the client has another
 *       session by now, the lease is lost; without a connection the outcome is unknown, and the renewal throws.
 *   <li>A release deletes both in one transaction, or none.
 * </ol>
 *
 * <p><b>When a lease ends.</b> A live session keeps its nodes forever, so a lease that is not renewed within its ttl, by the
 * monotonic clock of this process, is lost, and its nodes are deleted by this process: at once, or as soon as the connection
 * is back. When the process dies, or loses its connection for good, ZooKeeper deletes them at the end of the session. So:
 *
 * <ul>
 *   <li>The session must last at least as long as a lease: a ttl above the negotiated session timeout is refused with an
 *       {@link IllegalArgumentException}. Otherwise a lease could end early, while a connection is replaced. The servers may
 *       negotiate the client's timeout down ({@code maxSessionTimeout}, 20 ticks unless set).
 *   <li>What a dead replica held is free after the session timeout, not after the ttl, if that is shorter. Give the client a
 *       session timeout at or little above the ttl, if a takeover within the ttl matters.
 *   <li>A session can end before a lease's ttl: when the host closes the client, an operator ends the session, or Curator
 *       gives it up. The lease is then lost early, and the next renewal says so. The epoch protects the work, which
 *       continues where it was interrupted.
 * </ul>
 *
 * <p>The client's retry policy and timeouts decide how long a call may take while the connection is unreliable. Keep the two
 * together below a third of the ttl. An acquisition whose outcome is unknown is undone in the background. The client's
 * namespace and ACL provider apply. A client that may be read-only ({@code canBeReadOnly}) never grants or renews while it is.
 *
 * <p>A daemon thread watches the leases while there are any.
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
     * Creates a lock with its nodes under {@code /kb-migrator}. Does no I/O.
     *
     * @param client started and closed by the host
     * @return the lock
     */
    public static ZooKeeperLock create(CuratorFramework client) {
        return create(client, DEFAULT_PATH);
    }

    /**
     * Creates a lock with its nodes under a path of its own, which is created at the first use. Does no I/O.
     *
     * @param client started and closed by the host
     * @param path where the nodes are, within the client's namespace; the same for all replicas, another for each fleet
     * @return the lock
     * @throws IllegalArgumentException if the path is not a valid path of ZooKeeper
     */
    public static ZooKeeperLock create(CuratorFramework client, String path) {
        Objects.requireNonNull(client, "client");
        return new ZooKeeperLock(new LockNodes(client, PathUtils.validatePath(path)));
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        ZooKeeperLease.requirePositive(ttl);
        leftovers.sweep();
        Claim claim = Claim.of(name);
        long deadline = System.nanoTime() + ttl.toNanos();
        Session session = nodes.session();
        ZooKeeperLease.requireNotAbove(ttl, session);
        if (!create(claim, session)) {
            return Optional.empty();
        }
        ZooKeeperLease lease = new ZooKeeperLease(nodes, leftovers, timer, claim, session.id());
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

    private static ScheduledExecutorService newTimer() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            // Nothing of the thread that happens to be the first to need the timer: it may serve a request
            Thread thread = new Thread(null, task, "kb-migrator-zookeeper", 0, false);
            thread.setContextClassLoader(loader);
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(1, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        return timer;
    }
}
