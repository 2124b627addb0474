package dev.kbmigrator.processes;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import javax.sql.DataSource;

/**
 * Judges a fleet from what it left in the host's own tables and in the state store, with no regard to what the library says
 * of itself.
 *
 * <p>A KB's lines in the log are ordered by the fencing token first: a replica that was stopped and woke up may log late, but
 * never under a token that is as new as its successor's.
 */
final class FleetChecker {

    private static final long MOMENT_MILLIS = 20_000;
    private static final Comparator<StartedPart> AS_OWNED =
            Comparator.comparingLong(StartedPart::epoch).thenComparingLong(StartedPart::id);

    /**
     * What is wrong.
     *
     * @param lost KBs that are not at the last version, or that skipped one, and global parts that never ran
     * @param lowered KBs that ran a version again after a later one, or one that they were created at
     * @param disordered parts that ran on the wrong side of a global part
     * @param returned KBs that are known, or were touched, after the host had deleted them
     * @param repeated parts that ran more than once, which is wrong only when nothing died
     */
    record Findings(
            List<String> lost,
            List<String> lowered,
            List<String> disordered,
            List<String> returned,
            List<String> repeated) {

        boolean isSafe() {
            return lost.isEmpty() && lowered.isEmpty() && disordered.isEmpty() && returned.isEmpty();
        }

        @Override
        public String toString() {
            return "lost " + some(lost) + ", lowered " + some(lowered) + ", disordered " + some(disordered)
                    + ", returned " + some(returned)
                    + ", repeated " + some(repeated);
        }

        private static String some(List<String> all) {
            return all.size() + " " + all.subList(0, Math.min(10, all.size()));
        }
    }

    private final List<StartedPart> log;
    private final Map<String, Long> kbs;
    private final Map<String, Long> deleted;
    private final Map<String, Long> state;
    private final long target;
    private final Map<String, List<StartedPart>> byKb = new HashMap<>();

    /**
     * What there is to judge.
     *
     * @param log the host's log
     * @param kbs the host's KBs, with the version that each was created at
     * @param deleted the KBs that the host has deleted, and when, in milliseconds since 1970
     * @param state the KBs' versions in the state store
     * @param target the version that the fleet should have reached
     */
    FleetChecker(
            List<StartedPart> log,
            Map<String, Long> kbs,
            Map<String, Long> deleted,
            Map<String, Long> state,
            long target) {
        this.log = log;
        this.kbs = kbs;
        this.deleted = deleted;
        this.state = state;
        this.target = target;
        log.forEach(
                ran -> byKb.computeIfAbsent(ran.kb(), kb -> new ArrayList<>()).add(ran));
        byKb.values().forEach(lines -> lines.sort(AS_OWNED));
    }

    static Findings check(DataSource dataSource, long target) {
        Map<String, Long> state = new StoredState(dataSource).versions();
        return new FleetChecker(
                        HostTables.ran(dataSource),
                        HostTables.kbs(dataSource),
                        HostTables.deleted(dataSource),
                        state,
                        target)
                .findings();
    }

    Findings findings() {
        return new Findings(lost(), lowered(), disordered(), returned(), repeated());
    }

    private List<String> lost() {
        List<String> lost = new ArrayList<>();
        kbs.forEach((kb, born) -> {
            long expected = Math.max(born, Releases.kbVersion(target));
            Long stored = state.get(kb);
            if (stored == null || stored != expected) {
                lost.add(kb + " is at " + stored + ", not " + expected);
            }
            Set<Long> ran = versionsOf(kb);
            LongStream.rangeClosed(born + 1, target)
                    .filter(version -> Releases.hasKbPart(version) && !ran.contains(version))
                    .forEach(version -> lost.add(kb + " never ran " + version));
        });
        Set<Long> global = versionsOf(StartedPart.GLOBAL);
        LongStream.rangeClosed(1, target)
                .filter(version -> Releases.hasGlobalPart(version) && !global.contains(version))
                .forEach(version -> lost.add("the global part of " + version + " never ran"));
        state.keySet().stream()
                .filter(kb -> !kbs.containsKey(kb) && !deleted.containsKey(kb))
                .forEach(kb -> lost.add(kb + " is not the host's"));
        return lost;
    }

    private Set<Long> versionsOf(String kb) {
        Set<Long> versions = new HashSet<>();
        byKb.getOrDefault(kb, List.of()).forEach(ran -> versions.add(ran.version()));
        return versions;
    }

    private List<String> lowered() {
        List<String> lowered = new ArrayList<>();
        byKb.forEach((kb, lines) -> {
            long reached = kbs.getOrDefault(kb, 0L) + 1;
            for (StartedPart ran : lines) {
                if (ran.version() < reached) {
                    lowered.add(ran + " after " + reached);
                }
                reached = Math.max(reached, ran.version());
            }
        });
        return lowered;
    }

    /**
     * No KB starts behind a barrier before the global part has; all KBs that were there from the start come before it, and
     * those that come later, or that an older replica creates, may be brought up behind the fleet.
     */
    private List<String> disordered() {
        Map<Long, StartedPart> barriers = new HashMap<>();
        byKb.getOrDefault(StartedPart.GLOBAL, List.of())
                .forEach(ran -> barriers.merge(ran.version(), ran, FleetChecker::earlier));
        List<String> disordered = new ArrayList<>();
        kbs.forEach((kb, born) -> {
            Map<Long, StartedPart> first = new HashMap<>();
            byKb.getOrDefault(kb, List.of()).forEach(ran -> first.merge(ran.version(), ran, FleetChecker::earlier));
            barriers.forEach((version, barrier) -> first.forEach((ranVersion, ran) -> {
                boolean behind = ranVersion > version;
                if (behind && ran.id() < barrier.id()) {
                    disordered.add(ran + " before " + barrier);
                } else if (!behind && ran.id() > barrier.id() && kb.startsWith(ProcessFleet.FROM_THE_START)) {
                    disordered.add(ran + " after " + barrier);
                }
            }));
        });
        return disordered;
    }

    private static StartedPart earlier(StartedPart a, StartedPart b) {
        return a.id() <= b.id() ? a : b;
    }

    /** A part may be under way when its KB is deleted; a moment later nothing more may begin. */
    private List<String> returned() {
        List<String> returned = new ArrayList<>();
        deleted.forEach((kb, at) -> {
            if (kbs.containsKey(kb) || state.containsKey(kb)) {
                returned.add(kb + " came back");
            }
            byKb.getOrDefault(kb, List.of()).stream()
                    .filter(ran -> ran.startedAt() > at + MOMENT_MILLIS)
                    .forEach(ran -> returned.add(ran + " after it was deleted"));
        });
        return returned;
    }

    private List<String> repeated() {
        Set<String> seen = new HashSet<>();
        List<String> repeated = new ArrayList<>();
        for (StartedPart ran : log) {
            if (!seen.add(ran.version() + "/" + ran.kb())) {
                repeated.add(ran.toString());
            }
        }
        return repeated;
    }
}
