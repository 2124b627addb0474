package dev.kbmigrator.example.archive;

import java.io.PrintStream;
import java.util.Locale;

/** Says what happens: with a bar on a terminal, in a few plain lines elsewhere. */
final class ProgressDisplay {

    private static final int WIDTH = 40;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream out;
    private final boolean terminal;
    private boolean barShown;

    ProgressDisplay(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Shows how far the fleet is. */
    void show(FleetProgress progress) {
        if (!terminal) {
            return;
        }
        int full = (int) (progress.share() * WIDTH);
        out.printf(
                Locale.ROOT,
                "\r[%s%s] %3.0f %%  %,d of %,d KBs recorded, %,d verified ",
                "=".repeat(full),
                " ".repeat(WIDTH - full),
                100 * progress.share(),
                progress.recorded(),
                progress.kbs(),
                progress.verified());
        out.flush();
        barShown = true;
    }

    /** Says one thing that happened. */
    void say(String line) {
        clear();
        out.println(line);
    }

    /** Takes the bar away. */
    void clear() {
        if (barShown) {
            out.print(CLEAR_LINE);
            barShown = false;
        }
    }
}
