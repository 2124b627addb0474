package dev.kbmigrator.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.ZooKeeper.States;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ZooKeeperLockIT {

    private static final int SESSION_MILLIS = 20_000;
    private static final Duration LONG = Duration.ofSeconds(15);
    private static final Duration SHORT = Duration.ofMillis(100);

    private final List<CuratorFramework> clients = new ArrayList<>();
    private TestingServer server;
    private CuratorFramework client;
    private Lock lock;
    private Lock other;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer();
        client = newClient("test");
        lock = ZooKeeperLock.create(client);
        other = ZooKeeperLock.create(newClient("test"));
    }

    private CuratorFramework newClient(String namespace) throws InterruptedException {
        CuratorFramework made = CuratorFrameworkFactory.builder()
                .connectString(server.getConnectString())
                .sessionTimeoutMs(SESSION_MILLIS)
                .connectionTimeoutMs(5_000)
                .retryPolicy(new RetryOneTime(10))
                .namespace(namespace)
                .build();
        clients.add(made);
        made.start();
        made.blockUntilConnected();
        return made;
    }

    @AfterEach
    void stop() throws Exception {
        clients.forEach(CuratorFramework::close);
        server.close();
    }

    private List<String> nodes(String parent) throws Exception {
        return client.getChildren().forPath("/kb-migrator/" + parent);
    }

    private static Lease awaitLease(Lock from, String name) {
        return await().pollInterval(Duration.ofMillis(10))
                .until(() -> from.tryAcquire(name, LONG), Optional::isPresent)
                .orElseThrow();
    }

    private void awaitConnected(boolean connected) {
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> client.getZookeeperClient().isConnected() == connected);
    }

    /** Ends the session at the server, as if the client had been cut off for too long. */
    private void killSession() throws Exception {
        ZooKeeper victim = client.getZookeeperClient().getZooKeeper();
        long id = victim.getSessionId();
        ZooKeeper twin =
                new ZooKeeper(server.getConnectString(), SESSION_MILLIS, event -> {}, id, victim.getSessionPasswd());
        await().until(() -> twin.getState() == States.CONNECTED);
        twin.close();
        await().until(() -> client.getZookeeperClient().isConnected()
                && client.getZookeeperClient().getZooKeeper().getSessionId() != id);
    }

    @Test
    void aHeldNameIsGrantedToNobodyElseUntilItIsReleased() throws Exception {
        Lease lease = lock.tryAcquire("migrations", LONG).orElseThrow();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(lock.tryAcquire("migrations", LONG)).isEmpty();
        assertThat(other.tryAcquire("migrations", LONG)).isEmpty();
        lease.release();
        lease.release();
        assertThat(nodes("locks")).isEmpty();
        assertThat(nodes("owners")).isEmpty();
        assertThat(other.tryAcquire("migrations", LONG)).isPresent();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.LOST);
        lease.release();
        assertThat(nodes("locks")).hasSize(1);
    }

    @Test
    void aLeaseThatIsNotRenewedEndsThoughItsSessionLives() {
        Lease late = lock.tryAcquire("migrations", SHORT).orElseThrow();
        Lease next = awaitLease(other, "migrations");
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        late.release();
        assertThat(next.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    void aRenewalMovesTheEndOfALease() {
        Lease lease = lock.tryAcquire("migrations", Duration.ofSeconds(2)).orElseThrow();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
        await().during(Duration.ofMillis(2_500))
                .atMost(Duration.ofSeconds(10))
                .until(() -> other.tryAcquire("migrations", LONG).isEmpty());
        assertThat(lease.renew(SHORT)).isEqualTo(Renewal.HELD);
        awaitLease(other, "migrations");
    }

    @Test
    void aLeaseLongerThanItsSessionIsRefused() {
        Duration tooLong = Duration.ofMillis(SESSION_MILLIS + 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> lock.tryAcquire("migrations", tooLong))
                .withMessageContaining("times out after PT20S")
                .withMessageContaining("maxSessionTimeout");
        Lease lease = lock.tryAcquire("migrations", LONG).orElseThrow();
        assertThatIllegalArgumentException().isThrownBy(() -> lease.renew(tooLong));
        assertThatIllegalArgumentException().isThrownBy(() -> lease.renew(Duration.ZERO));
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    void withoutAConnectionTheOutcomeIsUnknownAndLaterItIsHeld() throws Exception {
        Lease lease = lock.tryAcquire("migrations", LONG).orElseThrow();
        server.stop();
        awaitConnected(false);
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> lease.renew(LONG))
                .withMessageContaining("no connection");
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> lock.tryAcquire("partition-001", LONG));
        server.restart();
        awaitConnected(true);
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    void aLeaseThatRanOutOfflineIsLostAtOnceAndReleasedLater() throws Exception {
        Lease lease = lock.tryAcquire("migrations", SHORT).orElseThrow();
        Lease released = lock.tryAcquire("partition-001", LONG).orElseThrow();
        server.stop();
        awaitConnected(false);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(released::release);
        await().ignoreExceptions().until(() -> lease.renew(LONG) == Renewal.LOST);
        server.restart();
        awaitConnected(true);
        await().ignoreExceptions().until(() -> nodes("locks").isEmpty());
        assertThat(nodes("owners")).isEmpty();
    }

    @Test
    void theEndOfTheSessionIsTheEndOfTheLease() throws Exception {
        Lease lease = lock.tryAcquire("migrations", LONG).orElseThrow();
        killSession();
        Lease next = other.tryAcquire("migrations", LONG).orElseThrow();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.LOST);
        lease.release();
        assertThat(next.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(lock.tryAcquire("migrations", LONG)).isEmpty();
    }

    @Test
    void aLeaseOfAnAbandonedSessionIsLostThoughItsNodesRemain() throws Exception {
        Lease lease = lock.tryAcquire("migrations", LONG).orElseThrow();
        long id = client.getZookeeperClient().getZooKeeper().getSessionId();
        client.getZookeeperClient().getZooKeeper().getTestable().injectSessionExpiration();
        await().until(() -> client.getZookeeperClient().isConnected()
                && client.getZookeeperClient().getZooKeeper().getSessionId() != id);
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.LOST);
        awaitLease(other, "migrations");
    }

    @Test
    void aRequestThatIsSentTwiceSinceItsAnswerWasLostIsGranted() throws Exception {
        LockNodes nodes = new LockNodes(client, "/kb-migrator");
        Claim claim = Claim.of("migrations");
        assertThat(nodes.create(claim)).isTrue();
        assertThat(nodes.create(claim)).isTrue();
        assertThat(nodes.create(Claim.of("migrations"))).isFalse();
        assertThat(nodes("owners")).containsExactly(claim.nonce());
    }

    @Test
    void onlyTheRemainsOfAnUnansweredAcquisitionAreRemoved() throws Exception {
        LockNodes nodes = new LockNodes(client, "/kb-migrator");
        Leftovers leftovers = new Leftovers(nodes);
        Claim left = Claim.of("migrations");
        nodes.create(left);
        leftovers.add(left);
        Lease next = awaitLease(other, "migrations");
        leftovers.add(left);
        leftovers.add(Claim.of("migrations"));
        leftovers.sweep();
        nodes.delete(left);
        assertThat(nodes.exist(left)).isFalse();
        assertThat(next.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    void everyNameIsANodeOfItsOwn() throws Exception {
        List<String> names = List.of(".", "..", "a/b", "a%2Fb", "a b", "a+b", "x".repeat(100));
        for (String name : names) {
            assertThat(lock.tryAcquire(name, LONG)).as(name).isPresent();
            assertThat(other.tryAcquire(name, LONG)).as(name).isEmpty();
        }
        assertThat(nodes("locks")).hasSameSizeAs(names);
    }

    @Test
    void theNamespaceOfTheClientAndThePathSetFleetsApart() throws Exception {
        CuratorFramework fleet = newClient("fleet");
        Lock apart = ZooKeeperLock.create(fleet, "/locks/of/ours");
        assertThat(lock.tryAcquire("migrations", LONG)).isPresent();
        assertThat(apart.tryAcquire("migrations", LONG)).isPresent();
        assertThat(fleet.getChildren().forPath("/locks/of/ours/locks")).containsExactly("migrations");
        assertThatIllegalArgumentException().isThrownBy(() -> ZooKeeperLock.create(client, "no-slash"));
    }
}
