package dev.kbmigrator.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Two checkouts beside each other.
 *
 * <ol>
 *   <li>A round measures each case once with either checkout, one right after the other, so that a slow minute of the machine
 *       meets both.
 *   <li>The order alternates from round to round (A B, B A, A B, …), so that neither always comes first.
 *   <li>Each run is in a JVM of its own with its checkout's class path, over a copy of a database that the same checkout has
 *       prepared.
 * </ol>
 */
final class CommitComparison {

    /** What is compared where it is measured; the seconds of a case that has milliseconds are those of its frame. */
    private static final List<String> FIGURES =
            List.of("milliseconds", "seconds", "cpu_micros_per_kb", "statements_per_kb", "wal_bytes_per_kb");

    private final Checkout before;
    private final Checkout after;
    private final Figures measuredBefore = new Figures();
    private final Figures measuredAfter = new Figures();
    private final Map<String, Map<String, PairedRatios>> ratios = new TreeMap<>();

    CommitComparison(Checkout before, Checkout after) {
        this.before = before;
        this.after = after;
    }

    void run(Bench bench, List<Case> cases, int rounds) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            for (Case one : cases) {
                boolean beforeIsFirst = round % 2 == 1;
                Map<String, Double> first = bench.run(one, beforeIsFirst ? before : after);
                Map<String, Double> second = bench.run(one, beforeIsFirst ? after : before);
                add(one, beforeIsFirst ? first : second, beforeIsFirst ? second : first);
                System.out.printf(
                        "%d/%d %s%n  before %s%n  after  %s%n",
                        round, rounds, one.id(), beforeIsFirst ? first : second, beforeIsFirst ? second : first);
            }
        }
    }

    private void add(Case one, Map<String, Double> figuresBefore, Map<String, Double> figuresAfter) {
        measuredBefore.add(one, figuresBefore);
        measuredAfter.add(one, figuresAfter);
        for (String figure : FIGURES) {
            Double old = figuresBefore.get(figure);
            Double young = figuresAfter.get(figure);
            boolean isFrame = figure.equals("seconds") && figuresAfter.containsKey("milliseconds");
            if (old != null && young != null && !isFrame) {
                ratios.computeIfAbsent(one.key(), key -> new TreeMap<>())
                        .computeIfAbsent(figure, key -> new PairedRatios())
                        .add(old, young);
            }
        }
    }

    /** For each figure the medians of either checkout, the median of the ratios, and the ratio's 95 % interval. */
    String table() {
        StringBuilder table = new StringBuilder(String.format(
                Locale.ROOT, "%-44s %12s %12s %12s   %s%n", "", "before", "after", "after/before", "95 %"));
        ratios.forEach((key, figures) -> figures.forEach((figure, ratio) -> table.append(String.format(
                Locale.ROOT,
                "%-44s %12.4f %12.4f %12.3f   %.3f to %.3f%n",
                key + "_" + figure,
                measuredBefore.median(key, figure).orElseThrow(),
                measuredAfter.median(key, figure).orElseThrow(),
                ratio.median(),
                ratio.low(),
                ratio.high()))));
        return table.toString();
    }

    /** The same as one flat map; an interval only where there is one. */
    Map<String, Double> flat() {
        Map<String, Double> flat = new TreeMap<>();
        ratios.forEach((key, figures) -> figures.forEach((figure, ratio) -> {
            String name = key + "_" + figure;
            flat.put(name + "_before", measuredBefore.median(key, figure).orElseThrow());
            flat.put(name + "_after", measuredAfter.median(key, figure).orElseThrow());
            flat.put(name + "_ratio", ratio.median());
            if (!Double.isNaN(ratio.low())) {
                flat.put(name + "_ratio_low", ratio.low());
                flat.put(name + "_ratio_high", ratio.high());
            }
        }));
        return flat;
    }
}
