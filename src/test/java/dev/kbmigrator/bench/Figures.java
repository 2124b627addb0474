package dev.kbmigrator.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/** What was measured: for each case and figure a value a round. */
final class Figures {

    private final Map<String, Map<String, List<Double>>> byCase = new TreeMap<>();

    void add(Case one, Map<String, Double> measured) {
        Map<String, List<Double>> figures = byCase.computeIfAbsent(one.key(), key -> new TreeMap<>());
        measured.forEach((figure, value) ->
                figures.computeIfAbsent(figure, key -> new ArrayList<>()).add(value));
    }

    private List<Double> values(String key, String figure) {
        return byCase.getOrDefault(key, Map.of()).getOrDefault(figure, List.of());
    }

    /** The median over the rounds; empty when the case was not measured. */
    OptionalDouble median(String key, String figure) {
        return median(values(key, figure));
    }

    private static OptionalDouble median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        int middle = sorted.size() / 2;
        return sorted.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(
                        sorted.size() % 2 == 1
                                ? sorted.get(middle)
                                : (sorted.get(middle - 1) + sorted.get(middle)) / 2);
    }

    /** The median of what one case is to another in the same round, where the machine was the same. */
    OptionalDouble ratio(String key, String other, String figure) {
        return ratio(key, figure, other, figure);
    }

    OptionalDouble ratio(String key, String figure, String other, String otherFigure) {
        List<Double> above = values(key, figure);
        List<Double> below = values(other, otherFigure);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < Math.min(above.size(), below.size()); round++) {
            ratios.add(above.get(round) / below.get(round));
        }
        return median(ratios);
    }

    /** The medians as one flat map, and how far apart the rounds were, as a part of the median. */
    Map<String, Double> flat() {
        Map<String, Double> flat = new TreeMap<>();
        byCase.forEach((key, figures) -> figures.forEach((figure, values) -> {
            double median = median(values).orElseThrow();
            flat.put(key + "_" + figure, median);
            if (figure.equals("seconds")) {
                flat.put(key + "_spread", (Collections.max(values) - Collections.min(values)) / median);
            }
        }));
        return flat;
    }
}
