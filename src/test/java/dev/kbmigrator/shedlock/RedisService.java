package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import net.javacrumbs.shedlock.provider.redis.support.InternalRedisLockProvider;
import net.javacrumbs.shedlock.provider.redis.support.InternalRedisLockTemplate;
import redis.clients.jedis.RedisClient;
import redis.embedded.RedisServer;
import redis.embedded.core.RedisServerBuilder;

/** A real Redis server from a Maven artifact, on a free port, and locks over ShedLock's provider for it. */
public final class RedisService implements AutoCloseable {

    private final RedisServer server;
    private final int port;

    private RedisService(RedisServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /** Starts a server. */
    public static RedisService start() {
        try {
            int port = freePort();
            RedisServer server =
                    new RedisServerBuilder().port(port).bind("127.0.0.1").build();
            server.start();
            return new RedisService(server, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return free.getLocalPort();
        }
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    /** A lock over the server at a port, as a process of its own would make it. */
    public static Lock lockAt(int port) {
        return lock(RedisClient.create("127.0.0.1", port), true);
    }

    static Lock lock(RedisClient jedis, boolean safeUpdate) {
        return ShedLockLock.create(
                new InternalRedisLockProvider(new JedisTemplate(jedis), "test", "kb-migrator", safeUpdate));
    }

    /** A lock that runs an action before each of its commands. */
    static Lock interposed(RedisClient jedis, Runnable beforeEachCommand) {
        InternalRedisLockTemplate real = new JedisTemplate(jedis);
        InternalRedisLockTemplate hooked = (InternalRedisLockTemplate) Proxy.newProxyInstance(
                RedisService.class.getClassLoader(),
                new Class<?>[] {InternalRedisLockTemplate.class},
                (self, method, arguments) -> {
                    beforeEachCommand.run();
                    return method.invoke(real, arguments);
                });
        return ShedLockLock.create(new InternalRedisLockProvider(hooked, "test", "kb-migrator", true));
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
