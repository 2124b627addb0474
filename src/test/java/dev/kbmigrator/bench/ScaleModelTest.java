package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.kbmigrator.bench.ScaleModel.Costs;
import dev.kbmigrator.bench.ScaleModel.Limit;
import dev.kbmigrator.bench.ScaleModel.ModelledFleet;
import dev.kbmigrator.bench.ScaleModel.Prediction;
import dev.kbmigrator.bench.ScaleModel.Replica;
import dev.kbmigrator.bench.ScaleModel.Store;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleModelTest {

    private static final Costs COSTS = new Costs(8e-6, 2e-4, 5e-6, 0.5e-3, 2e-6, 2e-7, 1e-3, 220, 300, 2e-2);
    private static final ScaleModel MODEL =
            new ScaleModel(COSTS, new Store(8, 400e6, 10_000, false), new Replica(2, 5, 4));

    @ParameterizedTest
    @CsvSource({
        // Limited by the store
        "4_000_000, 16, 0",
        "4_000_000, 100, 0",
        "4_000_000, 500, 0",
        // By one replica's workers
        "1_000_000, 1, 0",
        // By bodies, on and between the steps that partitions make
        "655_360, 1, 0.02",
        "655_360, 16, 0.02",
        "655_360, 64, 0.02",
        "655_360, 100, 0.02",
        "655_360, 128, 0.02",
        "655_360, 200, 0.02",
        "655_360, 256, 0.02",
        "655_360, 500, 0.02",
    })
    void theFormulaAgreesWithAFleetThatIsPlayed(String kbs, int replicas, double bodySeconds) {
        ModelledFleet fleet = new ModelledFleet(Long.parseLong(kbs.replace("_", "")), replicas, bodySeconds);
        double played = new ScaleSimulation(MODEL, fleet, 0, 1).seconds();
        assertThat(MODEL.predict(fleet).seconds()).isCloseTo(played, withinPercentage(15));
    }

    @Test
    void moreReplicasThanPartitionsDoNotHelp() {
        Prediction asManyAsPartitions = predict(100_000_000, 256, 0.02);
        Prediction more = predict(100_000_000, 500, 0.02);
        assertThat(more.limit()).isEqualTo(Limit.REPLICA_EXECUTIONS);
        assertThat(more.kbsPerSecond()).isEqualTo(asManyAsPartitions.kbsPerSecond());
        assertThat(more.load().looksPerSecond())
                .isGreaterThan(asManyAsPartitions.load().looksPerSecond());
    }

    @Test
    void aReplicaThatGetsOnePartitionMoreEndsLater() {
        assertThat(predict(100_000_000, 128, 0.02).seconds())
                .isEqualTo(predict(100_000_000, 255, 0.02).seconds());
        assertThat(predict(100_000_000, 256, 0.02).seconds())
                .isEqualTo(predict(100_000_000, 128, 0.02).seconds() / 2);
    }

    @Test
    void looksTakeFromTheStoreWhatKbsThenLack() {
        assertThat(predict(100_000_000, 500, 0).kbsPerSecond())
                .isLessThan(predict(100_000_000, 32, 0).kbsPerSecond());
        assertThat(predict(100_000_000, 500, 0).load().lookShare()).isGreaterThan(0.01);
    }

    @Test
    void slowKbsAreWrittenInSmallBatches() {
        assertThat(predict(100_000_000, 100, 0.02).load().commitsPerSecond())
                .as("every 50 ms for each partition that is held")
                .isCloseTo(256 / ScaleModel.LINGER_SECONDS, withinPercentage(5))
                .isGreaterThan(predict(100_000_000, 100, 0).load().commitsPerSecond());
    }

    /** One worker a replica takes one partition after the other; with n replicas a second apart, n²/2 replica seconds pass in n. */
    @Test
    void replicasThatComeLateTakeWhatIsLeft() {
        ModelledFleet fleet = new ModelledFleet(2_560_000, 256, 0.02);
        double together = new ScaleSimulation(MODEL, fleet, 0, 1).seconds();
        double oneByOne = new ScaleSimulation(MODEL, fleet, 1, 1).seconds();
        assertThat(together).isCloseTo(MODEL.predict(fleet).seconds(), withinPercentage(15));
        double replicaSeconds = 256 * together;
        assertThat(oneByOne).isCloseTo(Math.sqrt(2 * replicaSeconds), withinPercentage(15));
    }

    private static Prediction predict(long kbs, int replicas, double bodySeconds) {
        return MODEL.predict(new ModelledFleet(kbs, replicas, bodySeconds));
    }
}
