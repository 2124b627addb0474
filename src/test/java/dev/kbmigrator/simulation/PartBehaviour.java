package dev.kbmigrator.simulation;

import java.util.SplittableRandom;

/** How the part of one migration for one KB behaves, whoever runs it: drawn from the seed and its name only. */
final class PartBehaviour {

    final int steps;
    final long stepMillis;
    final boolean checkpoints;
    final boolean deaf;
    final int failures;
    final long hangNanos;
    private final int hangs;
    int attempts;

    PartBehaviour(World world, String key) {
        SplittableRandom random = new SplittableRandom(world.seed * 31 + key.hashCode());
        Scenario scenario = world.scenario;
        steps = random.nextInt(4);
        stepMillis = random.nextInt(5) == 0 ? 1_000 : 50;
        checkpoints = random.nextInt(3) == 0;
        failures = random.nextDouble() < scenario.failing ? 1 + random.nextInt(3) : 0;
        hangs = random.nextDouble() < scenario.hanging ? 1 + random.nextInt(2) : 0;
        deaf = hangs > 0 && random.nextBoolean();
        boolean forEver = scenario.attemptTimeout != null && random.nextInt(3) == 0;
        hangNanos = forEver ? 1_000_000_000_000_000L : random.nextLong(1, 6) * scenario.ttl.toNanos();
    }

    boolean hangs(int attempt) {
        return attempt > failures && attempt <= failures + hangs;
    }
}
