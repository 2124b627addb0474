package dev.kbmigrator.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.exceptions.JedisDataException;

class RedisShedLockIT extends LockContract {

    private static RedisService server;
    private static RedisClient jedis;

    @BeforeAll
    static void start() {
        server = RedisService.start();
        jedis = RedisClient.create("127.0.0.1", server.port());
    }

    @AfterAll
    static void stop() {
        jedis.close();
        server.close();
    }

    private static Lock newLock(boolean safeUpdate) {
        return RedisService.lock(jedis, safeUpdate);
    }

    @Override
    protected Lock newLock() {
        return newLock(true);
    }

    @Override
    protected Lock sharedWith(Lock lock) {
        return newLock(true);
    }

    @Override
    protected Optional<Lock> interposed(Lock lock, Runnable beforeEachRequest) {
        return Optional.of(RedisService.interposed(jedis, beforeEachRequest));
    }

    @Test
    void withoutSafeUpdateAReleaseFailsAloud() {
        Lease lease = newLock(false).tryAcquire(name(), Duration.ofMinutes(1)).orElseThrow();
        assertThatExceptionOfType(JedisDataException.class).isThrownBy(lease::release);
        assertThat(lock().tryAcquire(name(), Duration.ofMinutes(1))).isEmpty();
    }
}
