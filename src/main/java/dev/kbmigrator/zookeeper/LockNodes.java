package dev.kbmigrator.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.api.transaction.TransactionOp;
import org.apache.curator.utils.ZKPaths;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooKeeper;

/**
 * The nodes of a claim: {@code locks/<name>} excludes, {@code owners/<nonce>} says whose it is.
 *
 * <p>Both are ephemeral, created in one transaction, and deleted in one, or by the end of the session. So the owner's node exists
 * exactly as long as the lock's node is this claim's. Every request is a transaction that names the owner's node: the
 * leader handles it, never a follower that lags, and it cannot affect the node of another claim, however late it arrives.
 */
final class LockNodes {

    private final CuratorFramework client;
    private final String locks;
    private final String owners;

    LockNodes(CuratorFramework client, String path) {
        this.client = client;
        this.locks = ZKPaths.makePath(path, "locks");
        this.owners = ZKPaths.makePath(path, "owners");
    }

    /**
     * A session as the servers know it.
     *
     * @param id its id
     * @param timeoutMillis how long it outlives the client's last sign of life, as negotiated
     */
    record Session(long id, int timeoutMillis) {}

    /** The operations of one transaction. */
    private interface Operations {
        List<CuratorOp> of(TransactionOp op) throws Exception;
    }

    CuratorFramework client() {
        return client;
    }

    /** Returns the session in use; throws while there is no connection, instead of waiting for one. */
    Session session() {
        try {
            if (!client.getZookeeperClient().isConnected()) {
                throw new IllegalStateException("there is no connection to ZooKeeper at present");
            }
            ZooKeeper zooKeeper = client.getZookeeperClient().getZooKeeper();
            return new Session(zooKeeper.getSessionId(), zooKeeper.getSessionTimeout());
        } catch (Exception e) {
            throw unknown(e);
        }
    }

    /** Creates the nodes; returns false when the name has one already. */
    boolean create(Claim claim) {
        try {
            try {
                return tryCreate(claim);
            } catch (NoNodeException e) {
                makeParent(locks);
                makeParent(owners);
                return tryCreate(claim);
            }
        } catch (Exception e) {
            throw unknown(e);
        }
    }

    private boolean tryCreate(Claim claim) throws Exception {
        try {
            commit(op -> List.of(
                    op.create().withMode(CreateMode.EPHEMERAL).forPath(ownerPath(claim), utf8(claim.name())),
                    op.create().withMode(CreateMode.EPHEMERAL).forPath(lockPath(claim), utf8(claim.nonce()))));
            return true;
        } catch (NodeExistsException e) {
            return ownerExisted(e);
        }
    }

    /** Curator repeats requests that got no response. If the owner's node exists already, the earlier request has succeeded. */
    private static boolean ownerExisted(KeeperException e) {
        return e.getResults().get(0) instanceof OpResult.ErrorResult first
                && first.getErr() == Code.NODEEXISTS.intValue();
    }

    private void makeParent(String path) throws Exception {
        try {
            client.create().creatingParentsIfNeeded().forPath(path);
        } catch (NodeExistsException e) {
            return;
        }
    }

    /** Returns whether the nodes exist. */
    boolean exist(Claim claim) {
        try {
            commit(op ->
                    List.of(op.check().forPath(ownerPath(claim)), op.check().forPath(lockPath(claim))));
            return true;
        } catch (NoNodeException e) {
            return false;
        } catch (Exception e) {
            throw unknown(e);
        }
    }

    /** Deletes the nodes, if they exist. */
    void delete(Claim claim) {
        try {
            commit(op -> deletion(op, claim));
        } catch (NoNodeException e) {
            return;
        } catch (Exception e) {
            throw unknown(e);
        }
    }

    /** Deletes the nodes, if they exist, without waiting; calls back once they are known to be gone. */
    void deleteInBackground(Claim claim, Runnable whenGone) {
        try {
            client.transaction()
                    .inBackground((c, event) -> {
                        Code code = Code.get(event.getResultCode());
                        if (code == Code.OK || code == Code.NONODE) {
                            whenGone.run();
                        }
                    })
                    .forOperations(deletion(client.transactionOp(), claim));
        } catch (Exception e) {
            throw unknown(e);
        }
    }

    private List<CuratorOp> deletion(TransactionOp op, Claim claim) throws Exception {
        return List.of(op.delete().forPath(ownerPath(claim)), op.delete().forPath(lockPath(claim)));
    }

    private void commit(Operations operations) throws Exception {
        client.transaction().forOperations(operations.of(client.transactionOp()));
    }

    private String lockPath(Claim claim) {
        return ZKPaths.makePath(locks, claim.lockNode());
    }

    private String ownerPath(Claim claim) {
        return ZKPaths.makePath(owners, claim.nonce());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }

    private static RuntimeException unknown(Exception e) {
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        return e instanceof RuntimeException unchecked
                ? unchecked
                : new IllegalStateException("the outcome of a request to ZooKeeper is unknown: " + e, e);
    }
}
