package dev.kbmigrator.processes;

import dev.kbmigrator.jdbc.JdbcLock;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.shedlock.RedisService;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.AlwaysGrants;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a replica is set up, in a form that a process can be given as its arguments. Immutable.
 *
 * @param values what is not as by default
 */
record ReplicaSettings(Map<String, String> values) {

    ReplicaSettings {
        values = Map.copyOf(values);
    }

    static ReplicaSettings of(FleetDatabase database, String release) {
        return new ReplicaSettings(Map.of("url", database.url(), "user", database.user(), "release", release));
    }

    static ReplicaSettings parse(String[] arguments) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String argument : arguments) {
            int at = argument.indexOf('=');
            values.put(argument.substring(0, at), argument.substring(at + 1));
        }
        return new ReplicaSettings(values);
    }

    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        values.forEach((key, value) -> arguments.add(key + "=" + value));
        return arguments;
    }

    ReplicaSettings with(String key, Object value) {
        Map<String, String> changed = new LinkedHashMap<>(values);
        changed.put(key, value.toString());
        return new ReplicaSettings(changed);
    }

    ReplicaSettings named(String name) {
        return with("name", name);
    }

    ReplicaSettings release(String release) {
        return with("release", release);
    }

    /** How long each part waits for something, as one that calls other services would. */
    ReplicaSettings work(Duration time) {
        return with("workMillis", time.toMillis());
    }

    ReplicaSettings ttl(Duration ttl) {
        return with("ttlMillis", ttl.toMillis());
    }

    FleetDatabase database() {
        return new FleetDatabase(text("url", ""), text("user", ""));
    }

    String name() {
        return text("name", "replica");
    }

    String release() {
        return text("release", "main:1");
    }

    Duration ttl() {
        return Duration.ofMillis(number("ttlMillis", 2_000));
    }

    Duration look() {
        return Duration.ofMillis(number("lookMillis", 1_000));
    }

    Duration listing() {
        return Duration.ofMillis(number("listingMillis", 300_000));
    }

    Duration work() {
        return Duration.ofMillis(number("workMillis", 0));
    }

    int concurrency() {
        return (int) number("concurrency", 5);
    }

    int poolSize() {
        return (int) number("poolSize", 10);
    }

    /** The lock: {@code jdbc}, {@code always} for one that grants everything, or {@code redis:<port>}. */
    Lock lock(JdbcSettings state) {
        String lock = text("lock", "jdbc");
        if (lock.startsWith("redis:")) {
            return RedisService.lockAt(Integer.parseInt(lock.substring("redis:".length())));
        }
        return lock.equals("always") ? new AlwaysGrants() : JdbcLock.create(state);
    }

    /** The call of the state store at which the process halts; 0 for never. */
    int haltAt() {
        return (int) number("haltAt", 0);
    }

    private long number(String key, long otherwise) {
        return Long.parseLong(text(key, Long.toString(otherwise)));
    }

    private String text(String key, String otherwise) {
        return values.getOrDefault(key, otherwise);
    }
}
