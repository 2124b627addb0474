package dev.kbmigrator.simulation;

import static dev.kbmigrator.simulation.WeightedTable.row;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** What a seed stands for: the fleet, the migrations, the timings, and how much goes wrong. Drawn before anything runs. */
final class Scenario {

    private static final int MOST_KBS = 60;
    private static final long SLOW = 40;
    private static final int[] PARTITION_OF =
            IntStream.range(0, 40_000).map(i -> Partitions.of("kb-" + i)).toArray();

    private static final WeightedTable<Parts> PARTS = WeightedTable.of(List.of(
            row(1, "a global part", new Parts(false, true)),
            row(1, "both parts", new Parts(true, true)),
            row(3, "a KB part", new Parts(true, false))));

    private record Parts(boolean kb, boolean global) {}

    /** Those that the KBs are in: few, so that they meet. */
    final TreeSet<Integer> partitions = new TreeSet<>();

    /** Whether the others are there to be gone through, too. */
    final boolean usesAllPartitions;

    final List<MigrationInfo> plan = new ArrayList<>();
    final List<String> kbIds = new ArrayList<>();
    final int firstKbs;
    final int actions;

    /** How much longer all takes but the leases and the work; when slow, hours pass, and with them thorough looks. */
    final long slowness;

    final Duration ttl;
    final Duration activeLook;
    final Duration idleLook;
    final Duration listing;
    final Duration firstBackoff;
    final Duration longestBackoff;
    final Duration attemptTimeout;
    final double storeFaults;
    final double lockFaults;
    final double doubleGrants;
    final double hostFaults;
    final double crashes;
    final double slowCalls;
    final double failing;
    final double hanging;
    final boolean tellsWhatExists;
    final boolean hasHopeless;

    /** Whether the store never accepts some row, and how it says so: naming it, as data, or not at all. */
    final boolean rejectsRows;

    final int howRejected;

    /** Whether the store is away for minutes at a time. */
    final boolean hasLongOutages;

    /** Whether the store says of a call that failed that it is an outage. */
    final boolean tellsOutages;

    /** The version at which the fleet is adopted. */
    final long baseline;

    /** How much the store takes at once. */
    final int maxBatch;

    /** From this version on, the builds of another branch have other migrations; 0 when there is no such branch. */
    final int branchesAt;

    /** Whether some runs go up to a version only, and people withdraw what has not started. */
    final boolean hasOperators;

    /** Whether the host lists ids that cannot be kept. */
    final boolean listsBadIds;

    /** Whether the lock service goes on granting twice when all else is well. */
    final boolean grantsTwiceForEver;

    /** Whether clocks differ, drift and jump. */
    final boolean clocksAreSkewed;

    /** Whether the store commits partition by partition, and so refuses by scope. */
    final boolean refusesPerScope;

    Scenario(SplittableRandom random) {
        int versions = 1 + random.nextInt(6);
        for (int version = 1; version <= versions; version++) {
            Parts parts = PARTS.draw(random);
            plan.add(new MigrationInfo(version, "m" + version, parts.kb(), parts.global()));
        }
        int spread = 1 + random.nextInt(6);
        while (partitions.size() < spread) {
            partitions.add(random.nextInt(Partitions.COUNT));
        }
        for (int i = 0; kbIds.size() < MOST_KBS; i++) {
            if (partitions.contains(PARTITION_OF[i])) {
                kbIds.add("kb-" + i);
            }
        }
        usesAllPartitions = oneIn(10, random);
        firstKbs = 3 + random.nextInt(oneIn(4, random) ? 36 : 12);
        actions = 4 + random.nextInt(22);
        slowness = oneIn(16, random) ? SLOW : 1;
        ttl = Duration.ofMillis(random.nextInt(2_000, 6_001));
        activeLook = Duration.ofMillis(slowness * random.nextInt(300, 2_001));
        idleLook = Duration.ofMillis(slowness * random.nextInt(2_000, 8_001));
        listing = Duration.ofMillis(slowness * random.nextInt(5_000, 20_001));
        firstBackoff = Duration.ofMillis(slowness * random.nextInt(100, 1_001));
        longestBackoff = firstBackoff.plusMillis(slowness * random.nextInt(4_000));
        attemptTimeout = random.nextBoolean() ? null : Duration.ofMillis(random.nextInt(1_000, 5_001));
        storeFaults = sometimes(random, 0.05);
        lockFaults = sometimes(random, 0.1);
        doubleGrants = sometimes(random, 0.3);
        hostFaults = sometimes(random, 0.05);
        crashes = sometimes(random, 0.01);
        slowCalls = sometimes(random, 0.02);
        failing = sometimes(random, 0.3);
        hanging = sometimes(random, 0.1);
        tellsWhatExists = !oneIn(4, random);
        hasHopeless = oneIn(5, random);
        baseline = oneIn(8, random) ? 1 + random.nextInt(versions) : 0;
        maxBatch = oneIn(3, random) ? 1 + random.nextInt(4) : 256;
        branchesAt = oneIn(6, random) ? 1 + random.nextInt(versions) : 0;
        hasOperators = oneIn(3, random);
        listsBadIds = oneIn(8, random);
        clocksAreSkewed = oneIn(3, random);
        grantsTwiceForEver = oneIn(4, random);
        refusesPerScope = oneIn(3, random);
        rejectsRows = oneIn(5, random);
        howRejected = random.nextInt(3);
        hasLongOutages = oneIn(8, random);
        tellsOutages = !oneIn(3, random);
    }

    private static boolean oneIn(int number, SplittableRandom random) {
        return random.nextInt(number) == 0;
    }

    private static double sometimes(SplittableRandom random, double most) {
        return random.nextInt(5) < 2 ? 0 : random.nextDouble() * most;
    }

    long newest() {
        return plan.get(plan.size() - 1).version();
    }

    @Override
    public String toString() {
        return "plan "
                + plan.stream()
                        .map(info -> info.version() + (info.kbPart() ? "k" : "") + (info.globalPart() ? "g" : ""))
                        .toList()
                + ", " + firstKbs + " KBs, ttl " + ttl + ", looks " + activeLook + "/" + idleLook + ", listing "
                + listing
                + ", backoff " + firstBackoff + ".." + longestBackoff + ", attemptTimeout " + attemptTimeout
                + String.format(
                        ", faults: store %.3f lock %.3f double %.3f host %.3f crash %.3f slow %.3f failing %.2f hanging %.2f",
                        storeFaults, lockFaults, doubleGrants, hostFaults, crashes, slowCalls, failing, hanging)
                + ", tells what exists " + tellsWhatExists + ", has hopeless " + hasHopeless + ", baseline " + baseline
                + ", at most " + maxBatch + " at once, another branch from " + branchesAt + ", operators "
                + hasOperators
                + ", slowness " + slowness + ", bad ids " + listsBadIds + ", clocks skewed " + clocksAreSkewed
                + ", grants twice for ever " + grantsTwiceForEver + ", refuses per scope " + refusesPerScope
                + ", rejects rows " + rejectsRows + "/" + howRejected
                + ", long outages " + hasLongOutages + ", tells outages " + tellsOutages;
    }
}
