package dev.kbmigrator.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** What may be drawn, as rows of a weight, a name and a value: a row is drawn as often as its weight is part of the sum. */
final class WeightedTable<T> {

    private final List<Row<T>> rows;
    private final int sum;

    record Row<T>(int weight, String name, T value) {}

    private WeightedTable(List<Row<T>> rows) {
        this.rows = List.copyOf(rows);
        this.sum = rows.stream().mapToInt(Row::weight).sum();
    }

    static <T> WeightedTable<T> of(List<Row<T>> rows) {
        return new WeightedTable<>(rows);
    }

    static <T> Row<T> row(int weight, String name, T value) {
        return new Row<>(weight, name, value);
    }

    /** Draws a row with a single number. */
    T draw(SplittableRandom random) {
        int left = random.nextInt(sum);
        for (Row<T> row : rows) {
            left -= row.weight();
            if (left < 0) {
                return row.value();
            }
        }
        throw new AssertionError("the weights add up to " + sum);
    }
}
