package dev.kbmigrator.zookeeper;

import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;
import java.time.Duration;
import java.util.Map;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class ZooKeeperLockContractIT extends LockContract {

    /** Above the longest ttl of the contract, so above what a server allows by default. */
    private static final int SESSION_MILLIS = (int) Duration.ofMinutes(11).toMillis();

    /** After its ttl a lease ends as soon as its owner's process has deleted the nodes. */
    private static final Duration DELETION = Duration.ofMillis(250);

    private static TestingServer server;
    private static CuratorFramework client;
    private static CuratorFramework second;

    @BeforeAll
    static void start() throws Exception {
        InstanceSpec spec = new InstanceSpec(
                null, -1, -1, -1, true, -1, -1, -1, Map.of("maxSessionTimeout", String.valueOf(SESSION_MILLIS)));
        server = new TestingServer(spec, true);
        client = newClient();
        second = newClient();
    }

    private static CuratorFramework newClient() throws InterruptedException {
        CuratorFramework made = CuratorFrameworkFactory.newClient(
                server.getConnectString(), SESSION_MILLIS, 5_000, new RetryOneTime(10));
        made.start();
        made.blockUntilConnected();
        return made;
    }

    @AfterAll
    static void stop() throws Exception {
        client.close();
        second.close();
        server.close();
    }

    @Override
    protected Lock newLock() {
        return ZooKeeperLock.create(client);
    }

    @Override
    protected Lock sharedWith(Lock lock) {
        return ZooKeeperLock.create(second);
    }

    @Override
    protected void passTime(Duration time) {
        super.passTime(time.plus(DELETION));
    }
}
