package dev.kbmigrator.processes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A network between one replica and its database that can be slow, deaf, dumb or forgetful. */
final class FaultProxy implements AutoCloseable {

    /** Which answers are lost, and their connection with them. */
    enum Loss {
        NONE,
        NEXT_ANSWER,
        NEXT_COMMIT_ANSWER
    }

    private static final int CHUNK = 1 << 14;

    private final int serverPort;
    private final CommitProtocol wire;
    private final ServerSocket listener;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private volatile Duration delay = Duration.ZERO;
    private volatile boolean deafToClients;
    private volatile boolean deafToServer;
    private Loss loss = Loss.NONE;
    private CountDownLatch lost = new CountDownLatch(1);

    FaultProxy(int serverPort, CommitProtocol wire) {
        this.serverPort = serverPort;
        this.wire = wire;
        try {
            this.listener = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start("proxy", this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** Everything takes this much longer, each way. */
    void delay(Duration time) {
        delay = time;
    }

    /** What one side sends vanishes, and nobody is told. */
    void blackHole(boolean toServer) {
        if (toServer) {
            deafToClients = true;
        } else {
            deafToServer = true;
        }
    }

    /** Ends delays and black holes; connections that have lost something are reset. */
    void heal() {
        delay = Duration.ZERO;
        deafToClients = false;
        deafToServer = false;
        links.stream().filter(link -> link.swallowed).forEach(Link::reset);
    }

    /** Resets all connections. */
    void reset() {
        links.forEach(Link::reset);
    }

    /** Loses one answer; answers whether there was one in time. */
    boolean lose(Loss which, Duration within) throws InterruptedException {
        CountDownLatch latch = new CountDownLatch(1);
        synchronized (this) {
            lost = latch;
            loss = which;
        }
        boolean done = latch.await(within.toNanos(), TimeUnit.NANOSECONDS);
        synchronized (this) {
            loss = Loss.NONE;
        }
        return done || latch.getCount() == 0;
    }

    private synchronized boolean isLost(byte[] bytes, int length, boolean commitAsked) {
        boolean hit = loss == Loss.NEXT_ANSWER
                || (loss == Loss.NEXT_COMMIT_ANSWER && wire.answersCommit(bytes, length, commitAsked));
        if (hit) {
            loss = Loss.NONE;
            lost.countDown();
        }
        return hit;
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Link link = new Link(listener.accept());
                links.add(link);
                start("proxy", link::open);
            } catch (IOException e) {
                // Closed, or a client that is gone already
            }
        }
    }

    /** One connection. */
    private final class Link {
        private final Socket client;
        private final Socket server = new Socket();
        private volatile boolean swallowed;
        private volatile boolean commitAsked;

        Link(Socket client) {
            this.client = client;
        }

        void open() {
            try {
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort));
                start("proxy", () -> pump(server, client, false));
                pump(client, server, true);
            } catch (IOException e) {
                reset();
            }
        }

        private void pump(Socket from, Socket to, boolean toServer) {
            byte[] chunk = new byte[CHUNK];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int length = in.read(chunk); length > 0; length = in.read(chunk)) {
                    Pauses.of(delay);
                    if (toServer ? deafToClients : deafToServer) {
                        swallowed = true;
                    } else if (!toServer && isLost(chunk, length, commitAsked)) {
                        break;
                    } else {
                        commitAsked = toServer ? wire.asksForCommit(chunk, length) : commitAsked;
                        out.write(chunk, 0, length);
                        out.flush();
                    }
                }
            } catch (IOException e) {
                // One side is gone; so is the other
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                reset();
            }
        }

        void reset() {
            links.remove(this);
            for (Socket socket : new Socket[] {client, server}) {
                try {
                    socket.setSoLinger(true, 0);
                    socket.close();
                } catch (IOException e) {
                    // Gone already
                }
            }
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reset();
    }
}
