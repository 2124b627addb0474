package dev.kbmigrator.example.archive;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a run ended.
 *
 * @param upToDate whether there was nothing to do
 * @param contents what is in the archive
 * @param mismatches some of the files that are not what was published
 * @param time how long the run took
 * @param killCost what the kill cost; empty when nothing was killed
 */
record Summary(
        boolean upToDate, Contents contents, List<String> mismatches, Duration time, Optional<KillCost> killCost) {

    /** The run as a table. */
    String table() {
        StringBuilder table = new StringBuilder();
        Contents.Verdicts verdicts = contents.verdicts();
        row(table, "KBs", number(contents.kbs()));
        row(table, "files", number(contents.files()));
        row(table, "bytes", number(contents.bytes()));
        row(table, "verified", number(verdicts.verified()));
        row(table, "mismatched", number(verdicts.mismatched()));
        row(table, "without digest", number(verdicts.withoutDigest()));
        row(table, "digests and Maven's notes", number(verdicts.notPublished()));
        row(table, "time", seconds(time));
        if (killCost.isPresent()) {
            KillCost cost = killCost.get();
            row(table, "the kill: KB parts that ran again", number(cost.partsRunAgain()));
            row(table, "the kill: until the first went on", seconds(cost.firstAgain()));
            row(table, "the kill: until the last went on", seconds(cost.lastAgain()));
        } else {
            row(table, "the kill", "none: all was done before");
        }
        mismatches.forEach(file -> table.append("mismatched: ").append(file).append(System.lineSeparator()));
        return table.toString();
    }

    private static void row(StringBuilder table, String what, String value) {
        table.append(String.format(Locale.ROOT, "%-36s %16s%n", what, value));
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.2f s", duration.toNanos() / 1e9);
    }
}
