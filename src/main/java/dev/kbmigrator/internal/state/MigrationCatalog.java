package dev.kbmigrator.internal.state;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.Durations;
import dev.kbmigrator.internal.support.ShortText;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The migrations of this build, in the order of their versions. Immutable. */
public final class MigrationCatalog {

    private static final int MAX_NAME_CHARACTERS = 200;

    private final NavigableMap<Long, Entry> migrations;
    private final Plan plan;

    /**
     * A migration, and what it said about itself. Each migration is asked only once.
     *
     * @param info its version, name and parts
     * @param migration the migration
     * @param timeLimit how long one attempt at one of its parts may take; empty when there is no limit
     */
    public record Entry(MigrationInfo info, Migration migration, Optional<Duration> timeLimit) {}

    private MigrationCatalog(NavigableMap<Long, Entry> migrations) {
        this.migrations = migrations;
        this.plan = new Plan(migrations.values().stream().map(Entry::info).toList());
    }

    /**
     * Checks the migrations against each other.
     *
     * @param found the migrations, in any order
     * @param consecutive whether a gap is a problem
     * @param attemptTimeout how long an attempt may take where the migration does not say; null for no limit
     * @param problems where to add what is wrong, one sentence each
     */
    public static MigrationCatalog of(
            Collection<? extends Migration> found,
            boolean consecutive,
            @Nullable Duration attemptTimeout,
            List<String> problems) {
        NavigableMap<Long, Entry> byVersion = new TreeMap<>();
        for (Migration migration : found) {
            if (migration == null) {
                problems.add("a migration is null");
                continue;
            }
            try {
                add(migration, attemptTimeout, byVersion, problems);
            } catch (InvalidMigrationsException e) {
                problems.addAll(e.problems());
            } catch (RuntimeException | LinkageError e) {
                problems.add(migration.getClass().getName() + " cannot say what it is: " + e);
            }
        }
        if (consecutive) {
            findGaps(byVersion, problems);
        }
        return new MigrationCatalog(problems.isEmpty() ? byVersion : new TreeMap<>());
    }

    private static void add(
            Migration migration,
            @Nullable Duration attemptTimeout,
            NavigableMap<Long, Entry> byVersion,
            List<String> problems) {
        String type = migration.getClass().getName();
        MigrationInfo info = MigrationInfo.of(migration);
        long version = info.version();
        String name = info.name();
        Optional<Duration> timeout = migration.timeout();
        if (version < 1) {
            problems.add("the version of " + type + " is " + version + "; versions start at 1");
        } else if (name == null || name.isBlank() || name.length() > MAX_NAME_CHARACTERS) {
            problems.add("the name of " + type + " (version " + version + ") must have 1 to " + MAX_NAME_CHARACTERS
                    + " characters");
        } else if (!ShortText.isPrintable(name)) {
            problems.add("the name of " + type + " (version " + version + ") has characters that do not print: "
                    + ShortText.shown(name));
        } else if (timeout == null
                || timeout.filter(MigrationCatalog::isTooShort).isPresent()) {
            problems.add("the timeout of " + info + " (" + type + ") is " + timeout
                    + "; it must be empty, or hold at least 1 ms");
        } else {
            Optional<Duration> limit = timeout.or(() -> Optional.ofNullable(attemptTimeout));
            Entry other = byVersion.putIfAbsent(version, new Entry(info, migration, limit.map(Durations::bounded)));
            if (other != null) {
                problems.add("version " + version + " is claimed twice, by "
                        + other.migration().getClass().getName() + " ("
                        + other.info().name() + ") and by " + type + " (" + name + "): give one of them a new number");
            }
        }
    }

    private static boolean isTooShort(Duration timeout) {
        return timeout.compareTo(Duration.ofMillis(1)) < 0;
    }

    private static void findGaps(NavigableMap<Long, Entry> byVersion, List<String> problems) {
        Long before = null;
        for (Long version : byVersion.keySet()) {
            if (before != null && version != before + 1) {
                problems.add("versions " + (before + 1) + " to " + (version - 1) + " are missing between " + before
                        + " and " + version + ", and the host asked for consecutive versions");
            }
            before = version;
        }
    }

    /** Returns the newest version; 0 when there is no migration. */
    public long newest() {
        return migrations.isEmpty() ? 0 : migrations.lastKey();
    }

    /** Returns the oldest version; 0 when there is no migration. */
    public long oldest() {
        return migrations.isEmpty() ? 0 : migrations.firstKey();
    }

    /** Returns the migrations above a version, in order. */
    public List<MigrationInfo> above(long version) {
        return plan.between(version, Long.MAX_VALUE);
    }

    /** Returns the migration of a version; null when this build does not have it. */
    public @Nullable Entry get(long version) {
        return migrations.get(version);
    }
}
