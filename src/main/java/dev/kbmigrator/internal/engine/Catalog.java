package dev.kbmigrator.internal.engine;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The migrations that this build knows, in order of their versions. Immutable. */
public final class Catalog {

    private static final int MAX_NAME_CHARACTERS = 200;

    private final NavigableMap<Long, Entry> migrations;
    private final List<MigrationInfo> infos;

    /** A migration, and what it said of itself when it was asked, once. */
    private record Entry(MigrationInfo info, Migration migration, Optional<Duration> timeout) {}

    private Catalog(NavigableMap<Long, Entry> migrations) {
        this.migrations = migrations;
        this.infos = migrations.values().stream().map(Entry::info).toList();
    }

    /**
     * Checks the migrations against each other.
     *
     * @param found the migrations, in any order
     * @param consecutive whether a gap is a problem
     * @param problems where to add what is wrong, a sentence each
     */
    public static Catalog of(Collection<? extends Migration> found, boolean consecutive, List<String> problems) {
        NavigableMap<Long, Entry> byVersion = new TreeMap<>();
        for (Migration migration : found) {
            if (migration == null) {
                problems.add("a migration is null");
                continue;
            }
            try {
                add(migration, byVersion, problems);
            } catch (InvalidMigrationsException e) {
                problems.addAll(e.problems());
            } catch (RuntimeException | LinkageError e) {
                problems.add(migration.getClass().getName() + " cannot say what it is: " + e);
            }
        }
        if (consecutive) {
            findGaps(byVersion, problems);
        }
        return new Catalog(problems.isEmpty() ? byVersion : new TreeMap<>());
    }

    private static void add(Migration migration, NavigableMap<Long, Entry> byVersion, List<String> problems) {
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
        } else if (timeout == null || timeout.filter(Catalog::isTooShort).isPresent()) {
            problems.add("the timeout of " + info + " (" + type + ") is " + timeout
                    + "; it must be empty, or hold at least 1 ms");
        } else {
            Entry other = byVersion.putIfAbsent(version, new Entry(info, migration, timeout.map(Durations::bounded)));
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

    /** What this build knows, in order. */
    public List<MigrationInfo> infos() {
        return infos;
    }

    /** The newest version; 0 when there is no migration. */
    public long newest() {
        return migrations.isEmpty() ? 0 : migrations.lastKey();
    }

    /** The oldest version; 0 when there is no migration. */
    long oldest() {
        return migrations.isEmpty() ? 0 : migrations.firstKey();
    }

    /** What is known above a version, in order. */
    List<MigrationInfo> above(long version) {
        List<MigrationInfo> above = new ArrayList<>(infos);
        above.removeIf(migration -> migration.version() <= version);
        return above;
    }

    /** The migration of a version; null when this build does not know it. */
    @Nullable
    Migration get(long version) {
        Entry entry = migrations.get(version);
        return entry == null ? null : entry.migration();
    }

    /** How long a migration of this build says that its parts may run; empty when it says nothing. */
    Optional<Duration> timeout(long version) {
        Entry entry = migrations.get(version);
        return entry == null ? Optional.empty() : entry.timeout();
    }

    /** How a migration of this build is described; null when it does not know the version. */
    @Nullable
    MigrationInfo info(long version) {
        return Plans.at(infos, version);
    }
}
