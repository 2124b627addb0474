package dev.kbmigrator.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a figure has become, as a ratio after/before of two measurements that were made one right after the other.
 *
 * <p>The interval is Student's for the mean of the ratios' logarithms: {@code exp(mean ± t(0.975, n - 1) · s / √n)}. It takes
 * the logarithms for normally distributed and the pairs for independent; a pair shares the machine's speed, which a ratio cancels.
 */
final class PairedRatios {

    /** The quantiles 0.975 of Student's distribution for 1, 2, … degrees of freedom. */
    private static final double[] T = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    private final List<Double> ratios = new ArrayList<>();

    void add(double before, double after) {
        ratios.add(after / before);
    }

    double median() {
        List<Double> sorted = new ArrayList<>(ratios);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** The lower end of the 95 % interval; not a number for fewer than two pairs. */
    double low() {
        return Math.exp(meanOfLogarithms() - halfWidth());
    }

    /** The upper end of the 95 % interval; not a number for fewer than two pairs. */
    double high() {
        return Math.exp(meanOfLogarithms() + halfWidth());
    }

    private double meanOfLogarithms() {
        return ratios.stream().mapToDouble(Math::log).average().orElse(Double.NaN);
    }

    private double halfWidth() {
        int n = ratios.size();
        if (n < 2) {
            return Double.NaN;
        }
        double mean = meanOfLogarithms();
        double squares = ratios.stream()
                .mapToDouble(ratio -> Math.pow(Math.log(ratio) - mean, 2))
                .sum();
        // With more than thirty pairs the last quantile is a little too large, and the interval with it
        return T[Math.min(n - 1, T.length) - 1] * Math.sqrt(squares / (n - 1) / n);
    }
}
