package dev.kbmigrator.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Cost per KB, as horizontal bars on a logarithmic scale: one decade of microseconds has the same length everywhere. */
final class Chart {

    private static final int LEFT = 150;
    static final int DECADE = 90;
    private static final int DECADES = 6;
    private static final int BAR = 22;
    private static final int STEP = 34;
    private static final int TOP = 46;
    private static final String[] SCALE = {"1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"};

    private final List<Bar> bars = new ArrayList<>();

    /** One way to migrate a KB. */
    private record Bar(String name, double micros, String color) {}

    private Chart() {}

    /** The library, its peers and the floor; each must have been measured. */
    static String of(Figures figures) {
        Chart chart = new Chart();
        chart.add("Flyway per tenant", figures, "flyway", "#b0b0b0");
        chart.add("ShedLock loop", figures, "shedlock_loop", "#b0b0b0");
        chart.add("JobRunr", figures, "jobrunr", "#b0b0b0");
        chart.add("db-scheduler", figures, "db_scheduler", "#b0b0b0");
        chart.add("kb-migrator", figures, "b_1000000", "#2a6fdb");
        chart.add("raw batched UPDATE", figures, "floor4", "#404040");
        return chart.svg();
    }

    private void add(String name, Figures figures, String key, String color) {
        bars.add(new Bar(name, 1e6 / figures.median(key, "kbs_per_second").orElseThrow(), color));
    }

    private String svg() {
        StringBuilder body = new StringBuilder();
        int bottom = TOP + bars.size() * STEP;
        for (int decade = 0; decade <= DECADES; decade++) {
            body.append("""
              <path d="M%1$d %2$dV%3$d" stroke="#ddd"/><text x="%1$d" y="%4$d" text-anchor="middle" fill="#666">%5$s</text>
            """.formatted(LEFT + decade * DECADE, TOP - 6, bottom, bottom + 18, SCALE[decade]));
        }
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            int y = TOP + i * STEP;
            double width = Math.max(1, Math.log10(bar.micros()) * DECADE);
            body.append(String.format(
                    Locale.ROOT,
                    """
              <text x="%d" y="%d" text-anchor="end">%s</text>
              <rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>
              <text x="%.1f" y="%d">%s</text>
            """,
                    LEFT - 8,
                    y + 16,
                    bar.name(),
                    LEFT,
                    y,
                    width,
                    BAR,
                    bar.color(),
                    LEFT + width + 6,
                    y + 16,
                    text(bar.micros())));
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">
              <rect width="100%%" height="100%%" fill="#fff"/>
              <text x="10" y="22" font-size="15">Time per KB, one no-op migration (logarithmic scale)</text>
            %s</svg>
            """.formatted(LEFT + DECADES * DECADE + 80, bottom + 30, body);
    }

    private static String text(double micros) {
        return micros < 1_000
                ? String.format(Locale.ROOT, "%.1f µs", micros)
                : String.format(Locale.ROOT, "%.1f ms", micros / 1_000);
    }
}
