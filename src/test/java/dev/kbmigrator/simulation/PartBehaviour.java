package dev.kbmigrator.simulation;

import static dev.kbmigrator.simulation.WeightedTable.row;

import java.util.List;
import java.util.SplittableRandom;

/** How the part of one migration for one KB behaves, whoever runs it: drawn from the seed and its name only. */
final class PartBehaviour {

    private static final WeightedTable<Long> STEP_MILLIS =
            WeightedTable.of(List.of(row(1, "long steps", 1_000L), row(4, "short steps", 50L)));

    final int steps;
    final long stepMillis;
    final boolean checkpoints;
    final boolean deaf;
    final int failures;
    final long hangNanos;

    /** It looks whether it is cancelled, and returns normally if it is, whatever is left to do. The others never look. */
    final boolean quiet;

    private final int hangs;
    int attempts;

    PartBehaviour(World world, String key) {
        SplittableRandom random = new SplittableRandom(world.seed * 31 + key.hashCode());
        Scenario scenario = world.scenario;
        steps = random.nextInt(4);
        stepMillis = STEP_MILLIS.draw(random);
        checkpoints = random.nextInt(3) == 0;
        failures = random.nextDouble() < scenario.failing ? 1 + random.nextInt(3) : 0;
        hangs = random.nextDouble() < scenario.hanging ? 1 + random.nextInt(2) : 0;
        deaf = hangs > 0 && random.nextBoolean();
        boolean forEver = scenario.attemptTimeout != null && random.nextInt(3) == 0;
        hangNanos = forEver ? 1_000_000_000_000_000L : random.nextLong(1, 6) * scenario.ttl.toNanos();
        quiet = random.nextInt(3) == 0;
    }

    boolean hangs(int attempt) {
        return attempt > failures && attempt <= failures + hangs;
    }
}
