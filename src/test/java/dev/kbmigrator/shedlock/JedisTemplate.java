package dev.kbmigrator.shedlock;

import java.util.List;
import net.javacrumbs.shedlock.provider.redis.support.InternalRedisLockTemplate;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/** The four commands of ShedLock's Redis provider over this Jedis; ShedLock's own adapter is built for an older one. */
final class JedisTemplate implements InternalRedisLockTemplate {

    private final UnifiedJedis jedis;

    JedisTemplate(UnifiedJedis jedis) {
        this.jedis = jedis;
    }

    @Override
    public boolean setIfAbsent(String key, String value, long expirationMs) {
        return "OK".equals(jedis.set(key, value, SetParams.setParams().nx().px(expirationMs)));
    }

    @Override
    public boolean setIfPresent(String key, String value, long expirationMs) {
        return "OK".equals(jedis.set(key, value, SetParams.setParams().xx().px(expirationMs)));
    }

    @Override
    public Object eval(String script, String key, String... values) {
        return jedis.eval(script, List.of(key), List.of(values));
    }

    @Override
    public void delete(String key) {
        jedis.del(key);
    }
}
