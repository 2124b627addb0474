package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The arithmetic of the benchmark. */
class FiguresTest {

    private final Figures figures = new Figures();

    private void rounds(String id, String figure, double... values) {
        for (double value : values) {
            figures.add(Cases.named(id), Map.of(figure, value));
        }
    }

    @Test
    void aFigureIsTheMedianOfItsRounds() {
        rounds("b-1000000", "seconds", 9, 1, 2);
        rounds("floor4", "seconds", 1, 2);
        assertThat(figures.flat())
                .containsEntry("b_1000000_seconds", 2.0)
                .containsEntry("b_1000000_spread", 4.0)
                .containsEntry("floor4_seconds", 1.5);
    }

    @Test
    void aRatioComparesWhatWasMeasuredInTheSameRound() {
        rounds("b-1000000", "seconds", 10, 30, 21);
        rounds("floor4", "seconds", 5, 20, 10);
        assertThat(figures.ratio("b_1000000", "floor4", "seconds")).hasValue(2.0);
    }

    @Test
    void aPromiseIsBrokenByAFigureOutOfItsBoundsOrByNone() {
        assertThat(promise("b_1000000_over_floor4").isKept()).isFalse();
        rounds("b-1000000", "seconds", 2.01);
        rounds("floor4", "seconds", 1);
        assertThat(promise("b_1000000_over_floor4").isKept()).isFalse();
        rounds("b-1000000", "seconds", 1.5, 1.5);
        rounds("floor4", "seconds", 1, 1);
        assertThat(promise("b_1000000_over_floor4").isKept()).isTrue();
        rounds("d-1", "seconds", 3.7);
        rounds("d-4", "seconds", 1);
        assertThat(promise("d_4_times_d_1").isKept()).isFalse();
    }

    private Promise promise(String key) {
        return Promise.all(figures).stream()
                .filter(promise -> promise.key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aNameMeansACaseOrThoseThatStartWithIt() {
        assertThat(Cases.all().stream().filter(one -> one.isMeantBy("b")).map(Case::id))
                .containsExactly("b-1000000", "b-1000000-one-writer", "b-100000", "b-10000", "b-1000");
        assertThat(Cases.all().stream().filter(one -> one.isMeantBy("floor")).map(Case::id))
                .containsExactly("floor4", "floor4-1024", "floor1");
        assertThat(Cases.all().stream().filter(one -> one.isMeantBy("f")).map(Case::id))
                .containsExactly("f");
    }
}
