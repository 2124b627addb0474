package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Old and new work side by side; the new one dies at one step or another; one that is newer still takes over. */
class DyingCoordinatorIT {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int STEPS = 60;
    private static final int AT_ONCE = 5;

    /** Every sixth step, another sixth each time: a step costs a process. */
    @Test
    void whereverTheCoordinatorDiesTheOthersGoOn() {
        int first = 1 + new Random().nextInt(6);
        killAt(IntStream.iterate(first, step -> step <= STEPS, step -> step + 6)
                .boxed()
                .toList());
    }

    @Test
    @Tag("chaos")
    void atEachStepAtWhichTheCoordinatorDiesTheOthersGoOn() {
        killAt(IntStream.rangeClosed(1, STEPS).boxed().toList());
    }

    private static void killAt(List<Integer> steps) {
        for (int from = 0; from < steps.size(); from += AT_ONCE) {
            List<Death> deaths = steps.subList(from, Math.min(steps.size(), from + AT_ONCE)).stream()
                    .map(Death::new)
                    .toList();
            try {
                deaths.forEach(Death::assertTheOthersGoOn);
            } finally {
                deaths.forEach(Death::close);
            }
        }
    }

    /** One fleet whose newer replica dies at its n-th step. */
    private static final class Death implements AutoCloseable {
        private final int step;
        private final ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, 20);
        private final ReplicaProcess victim;
        private final FleetReplica old;

        Death(int step) {
            this.step = step;
            this.victim = fleet.start(settings("new", "main:4").with("haltAt", step));
            this.old = new FleetReplica(settings("old", "main:2"), event -> {});
            old.migrator().start();
        }

        private ReplicaSettings settings(String name, String release) {
            return fleet.settings(release)
                    .named(name)
                    .ttl(Duration.ofSeconds(1))
                    .with("lookMillis", 200)
                    .with("poolSize", 6);
        }

        void assertTheOthersGoOn() {
            try (FleetReplica newest = new FleetReplica(settings("newest", "main:5"), event -> {})) {
                Awaitility.await("the new one dies, or has nothing left to do")
                        .atMost(PATIENCE)
                        .until(() -> !victim.isAlive() || fleet.hasReached(4));
                if (!victim.isAlive()) {
                    assertThat(victim.awaitExit()).as("%s", victim).isEqualTo(HaltingStore.EXIT_STATUS);
                }
                newest.migrator().start();
                fleet.awaitVersion(5, PATIENCE);
            }
            assertThat(HostTables.ran(fleet.dataSource()))
                    .as("step %d, %s", step, victim.said("halting"))
                    .noneMatch(ran -> ran.replica().equals("old") && ran.version() > 2);
            fleet.assertSafe(5);
        }

        @Override
        public void close() {
            old.close();
            fleet.close();
        }
    }
}
