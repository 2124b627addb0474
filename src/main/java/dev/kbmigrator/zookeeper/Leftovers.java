package dev.kbmigrator.zookeeper;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims that nobody holds any more, but whose nodes may still exist, because a response was lost or the lease expired. Their
 * session may live for years, so the nodes must be deleted: at once, at each later use of the lock, and whenever the connection
 * is restored, until they are known to be gone. It listens to the connection only while there are such claims.
 */
final class Leftovers implements ConnectionStateListener {

    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);

    private final LockNodes nodes;
    private final Set<Claim> claims = new HashSet<>();

    Leftovers(LockNodes nodes) {
        this.nodes = nodes;
    }

    void add(Claim claim) {
        synchronized (this) {
            if (claims.isEmpty()) {
                nodes.client().getConnectionStateListenable().addListener(this);
            }
            claims.add(claim);
        }
        delete(claim);
    }

    void sweep() {
        snapshot().forEach(this::delete);
    }

    @Override
    public void stateChanged(CuratorFramework client, ConnectionState state) {
        if (state.isConnected()) {
            sweep();
        }
    }

    private synchronized List<Claim> snapshot() {
        return List.copyOf(claims);
    }

    private void delete(Claim claim) {
        try {
            nodes.deleteInBackground(claim, () -> gone(claim));
        } catch (RuntimeException e) {
            LOG.atDebug().setCause(e).log("The nodes of lease {} remain for now", claim.name());
        }
    }

    private synchronized void gone(Claim claim) {
        claims.remove(claim);
        if (claims.isEmpty()) {
            nodes.client().getConnectionStateListenable().removeListener(this);
        }
    }
}
