package dev.kbmigrator.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import net.javacrumbs.shedlock.provider.redis.support.InternalRedisLockProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.embedded.RedisServer;
import redis.embedded.core.RedisServerBuilder;

class RedisShedLockIT extends LockContract {

    private static RedisServer server;
    private static RedisClient jedis;

    @BeforeAll
    static void start() throws IOException {
        int port = freePort();
        server = new RedisServerBuilder().port(port).bind("127.0.0.1").build();
        server.start();
        jedis = RedisClient.create("127.0.0.1", port);
    }

    @AfterAll
    static void stop() throws IOException {
        jedis.close();
        server.stop();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static Lock newLock(boolean safeUpdate) {
        return ShedLockLock.create(
                new InternalRedisLockProvider(new JedisTemplate(jedis), "test", "kb-migrator", safeUpdate));
    }

    @Override
    protected Lock newLock() {
        return newLock(true);
    }

    @Override
    protected Lock sharedWith(Lock lock) {
        return newLock(true);
    }

    @Test
    void withoutSafeUpdateAReleaseFailsAloud() {
        Lease lease = newLock(false).tryAcquire(name(), Duration.ofMinutes(1)).orElseThrow();
        assertThatExceptionOfType(JedisDataException.class).isThrownBy(lease::release);
        assertThat(lock().tryAcquire(name(), Duration.ofMinutes(1))).isEmpty();
    }
}
