package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.state.ReplicaActivity.Running;
import dev.kbmigrator.internal.support.Trouble;
import dev.kbmigrator.spi.ReplicaReport;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplicaActivityTest {

    private static Optional<ReplicaActivity> read(String json) {
        return ReplicaActivity.read(new ReplicaReport("replica", json, 1));
    }

    private static Running running(int number) {
        return new Running("0001_add_slugs", "kb-" + number, 1_000 + number, "file " + number, number % 2);
    }

    @Test
    void isReadAsItWasWritten() {
        ReplicaActivity activity = new ReplicaActivity(
                true,
                List.of(0, 1, 2, 7, 9, 10, 255),
                List.of(running(0), running(1), new Running("0002_index", "", 5, "", 0)),
                3,
                List.of(new Trouble("write a batch", "disk full", 17, 4)));
        assertThat(activity.toJson()).contains("\"0-2,7,9-10,255\"");
        assertThat(read(activity.toJson())).contains(activity);
        assertThat(read(ReplicaActivity.NONE.toJson())).contains(ReplicaActivity.NONE);
    }

    @Test
    void whatDoesNotFitIsCounted() {
        String progress = "é".repeat(200);
        List<Running> many = IntStream.range(0, 100)
                .mapToObj(i -> new Running("0001_add_slugs", "kb-" + i, i, progress, 0))
                .toList();
        ReplicaActivity activity = new ReplicaActivity(
                false, List.of(), many, 5, List.of(new Trouble("look at the shared state", "x".repeat(900), 1, 1)));
        String json = activity.toJson();
        assertThat(json.getBytes(StandardCharsets.UTF_8).length)
                .isBetween(ReplicaReport.MAX_BYTES - 600, ReplicaReport.MAX_BYTES);
        ReplicaActivity seen = read(json).orElseThrow();
        assertThat(seen.troubles()).hasSize(1);
        assertThat(seen.running()).isEqualTo(many.subList(0, seen.running().size()));
        assertThat(seen.more()).isEqualTo(105 - seen.running().size());
    }

    @Test
    void aLoneSurrogateIsEscaped() {
        Running one = new Running("0001_add_slugs", "kb", 1, "half of \ud83d", 0);
        String json = new ReplicaActivity(false, List.of(), List.of(one), 0, List.of()).toJson();
        assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(json)).isTrue();
        assertThat(read(json).orElseThrow().running()).containsExactly(one);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "{\"partitions\":\"x\"}", "{\"partitions\":\"1-\"}"})
    void whatIsNoReportIsNone(String json) {
        assertThat(read(json).map(ReplicaActivity::partitions).orElse(List.of()))
                .isEmpty();
    }

    @Test
    void anAbsurdRangeDoesNotFillTheMemory() {
        assertThat(read("{\"partitions\":\"0-2000000000\"}").orElseThrow().partitions())
                .hasSizeLessThan(300);
    }
}
