package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PairedRatiosTest {

    private final PairedRatios ratios = new PairedRatios();

    @Test
    void theMedianIsOfThePairsNotOfTheirSides() {
        ratios.add(1, 2);
        ratios.add(10, 10);
        ratios.add(100, 90);
        assertThat(ratios.median()).isEqualTo(1.0);
        ratios.add(1, 2);
        assertThat(ratios.median()).isEqualTo(1.5);
    }

    /** By hand: the logarithms are -0.1, 0, 0.1, so s is 0.1, and t(0.975, 2) is 4.303. */
    @Test
    void theIntervalIsStudentsForTheLogarithms() {
        ratios.add(1, Math.exp(-0.1));
        ratios.add(1, 1);
        ratios.add(1, Math.exp(0.1));
        assertThat(Math.log(ratios.low())).isCloseTo(-0.2484, within(0.0001));
        assertThat(Math.log(ratios.high())).isCloseTo(0.2484, within(0.0001));
    }

    @Test
    void onePairHasNoInterval() {
        ratios.add(2, 3);
        assertThat(ratios.median()).isEqualTo(1.5);
        assertThat(ratios.low()).isNaN();
        assertThat(ratios.high()).isNaN();
    }

    @Test
    void manyPairsNarrowIt() {
        for (int i = 0; i < 50; i++) {
            ratios.add(1, i % 2 == 0 ? 0.9 : 1.1);
        }
        assertThat(ratios.low()).isBetween(0.95, 0.98);
        assertThat(ratios.high()).isBetween(1.01, 1.04);
    }
}
