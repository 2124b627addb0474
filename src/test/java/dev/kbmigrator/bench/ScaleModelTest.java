package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.kbmigrator.bench.ScaleModel.Costs;
import dev.kbmigrator.bench.ScaleModel.Fleet;
import dev.kbmigrator.bench.ScaleModel.Limit;
import dev.kbmigrator.bench.ScaleModel.Prediction;
import dev.kbmigrator.bench.ScaleModel.Replica;
import dev.kbmigrator.bench.ScaleModel.Store;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleModelTest {

    private static final Costs COSTS = new Costs(8e-6, 5e-6, 0.5e-3, 2e-6, 1e-3, 220, 300, 5e-3);
    private static final ScaleModel MODEL =
            new ScaleModel(COSTS, new Store(8, 200e6, 5_000, false), new Replica(2, 5, 4));

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
        Fleet fleet = new Fleet(Long.parseLong(kbs.replace("_", "")), replicas, bodySeconds);
        double played = new ScaleSimulation(MODEL, fleet, 0, 1).seconds();
        assertThat(MODEL.predict(fleet).seconds()).isCloseTo(played, withinPercentage(15));
    }

    @Test
    void moreReplicasThanPartitionsDoNotHelp() {
        Prediction asManyAsPartitions = predict(100_000_000, 256, 0.02);
        Prediction more = predict(100_000_000, 500, 0.02);
        assertThat(more.limit()).isEqualTo(Limit.REPLICA_BODIES);
        assertThat(more.kbsPerSecond()).isEqualTo(asManyAsPartitions.kbsPerSecond());
        assertThat(more.looksPerSecond()).isGreaterThan(asManyAsPartitions.looksPerSecond());
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
        assertThat(predict(100_000_000, 500, 0).lookShare()).isGreaterThan(0.01);
    }

    private static Prediction predict(long kbs, int replicas, double bodySeconds) {
        return MODEL.predict(new Fleet(kbs, replicas, bodySeconds));
    }
}
