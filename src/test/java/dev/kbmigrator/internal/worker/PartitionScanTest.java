package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.state.MigrationCatalog;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A scan of one partition of a fleet that goes to version 2. */
class PartitionScanTest {

    private static final Set<Integer> PARTITIONS = Set.of(OnePartition.NUMBER);

    private final WorkerFixture replica = new WorkerFixture();

    @BeforeEach
    void enroll() {
        replica.enroll(1);
    }

    private PartitionScan scan() {
        PartitionScan scan = replica.scan(PARTITIONS);
        scan.next = replica.page(PARTITIONS);
        return scan;
    }

    @Test
    void itsGoalAndPlanAreThoseOfTheView() {
        PartitionScan scan = scan();
        assertThat(scan.goal).isEqualTo(2);
        assertThat(scan.plan.migrations()).extracting(MigrationInfo::version).containsExactly(1L, 2L);
    }

    @Test
    void itBeginsWithItsFirstPage() {
        replica.environment.pass(Duration.ofSeconds(3));
        replica.look();
        PartitionScan scan = new PartitionScan(
                Map.of(), replica.observer.view(), replica.page(PARTITIONS), replica.environment.nanoTime());
        assertThat(scan.next).isEqualTo(replica.page(PARTITIONS));
        assertThat(Duration.ofNanos(scan.pagedAt)).isEqualTo(Duration.ofSeconds(3));
        assertThat(scan.raised).isFalse();
        assertThat(scan.kbs).isZero();
        assertThat(scan.found.isEmpty()).isTrue();
    }

    @Nested
    class NextMigration {

        private final MigrationCatalog catalog = replica.config.build().catalog();

        private @Nullable Long next(PartitionScan scan, long from, MigrationCatalog known) {
            MigrationCatalog.Entry migration = scan.nextMigration(from, known);
            return migration == null ? null : migration.info().version();
        }

        @Test
        void aKbGoesFromVersionToVersionUpToTheGoal() {
            PartitionScan scan = scan();
            assertThat(next(scan, 0, catalog)).isEqualTo(1);
            assertThat(next(scan, 1, catalog)).isEqualTo(2);
            assertThat(next(scan, 2, catalog)).isNull();
            assertThat(next(scan, 0, catalog)).isEqualTo(1);
        }

        @Test
        void oneThatThisBuildDoesNotHaveIsNone() {
            assertThat(next(scan(), 0, FrozenEnvironment.catalog(2))).isNull();
        }

        @Test
        void itIsRememberedForTheNextKbAtTheSameVersion() {
            PartitionScan scan = scan();
            assertThat(next(scan, 0, catalog)).isEqualTo(1);
            assertThat(next(scan, 0, FrozenEnvironment.catalog(2))).isEqualTo(1);
        }
    }

    @Nested
    class Quiet {

        @Test
        void itIsNotQuietWhileAPageIsToCome() {
            PartitionScan scan = scan();
            assertThat(scan.isQuiet()).isFalse();
            scan.next = null;
            assertThat(scan.isQuiet()).isTrue();
        }

        @Test
        void itIsNotQuietWhileAKbIsUnderWay() {
            PartitionScan scan = replica.scan(Set.of(1, 2));
            WorkerFixture.held(scan, 2).begin("kb");
            assertThat(scan.isQuiet()).isFalse();
            WorkerFixture.held(scan, 2).dropped("kb");
            assertThat(scan.isQuiet()).isTrue();
        }
    }
}
