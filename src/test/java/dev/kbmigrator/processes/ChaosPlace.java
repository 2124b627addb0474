package dev.kbmigrator.processes;

import java.time.Duration;

/** One place in the fleet, with a network of its own: the process in it changes, the place stays. */
final class ChaosPlace implements AutoCloseable {

    private static final Duration WORK = Duration.ofMillis(800);
    private static final int ROOM_FOR_ALL_KBS = 80;
    private static final int ROOM_FOR_TRANSACTIONS = 30;

    private final int number;
    private final ChaosServer server;
    private final FaultProxy proxy;
    private int lives;
    private ReplicaProcess process;

    ChaosPlace(int number, ChaosServer server, String release) {
        this.number = number;
        this.server = server;
        this.proxy = new FaultProxy(server.port(), server.wire());
        this.process = ReplicaProcess.start(settings(release));
    }

    private ReplicaSettings settings(String release) {
        return ReplicaSettings.of(server.database(proxy.port()), release)
                .named("place-" + number + "-life-" + lives)
                .ttl(Chaos.TTL)
                .work(WORK)
                .with("lookMillis", 500)
                .with("listingMillis", 2_000)
                .with("concurrency", ROOM_FOR_ALL_KBS)
                // A transactional part holds a connection while it works
                .with("poolSize", ROOM_FOR_TRANSACTIONS);
    }

    FaultProxy proxy() {
        return proxy;
    }

    ReplicaProcess process() {
        return process;
    }

    /** Kills the process and starts another; answers when and whom. */
    Takeovers.Kill killAndReplace(String release) {
        Takeovers.Kill kill = new Takeovers.Kill(process.name(), System.currentTimeMillis());
        process.kill();
        lives++;
        process = ReplicaProcess.start(settings(release));
        return kill;
    }

    /** Has the process leave, and starts another. */
    void redeploy(String release) {
        process.tell("close");
        process.awaitExit();
        lives++;
        process = ReplicaProcess.start(settings(release));
    }

    @Override
    public void close() {
        process.close();
        proxy.close();
    }
}
