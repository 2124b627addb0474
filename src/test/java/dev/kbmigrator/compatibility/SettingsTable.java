package dev.kbmigrator.compatibility;

import dev.kbmigrator.jdbc.Setting;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Databases by modes, drivers, encodings, isolation levels and poolers: what became of a whole run in each. */
final class SettingsTable {

    private static final String SETTINGS = "dev.kbmigrator.jdbc.SettingsIT";
    private static final String POOLERS = "dev.kbmigrator.jdbc.PoolerIT";
    private static final String PGBOUNCER = "aRunThroughPgBouncerInTransactionModeSucceedsWithoutAWarning";

    private final Map<String, Outcome> settings;
    private final Map<String, Outcome> poolers;

    /** Reads the reports of the runs. */
    SettingsTable(Reports reports) throws IOException {
        this.settings = reports.of(SETTINGS).orElse(Map.of());
        this.poolers = reports.of(POOLERS).orElse(Map.of());
    }

    /** What the reports do not tell. */
    List<String> missing() {
        return settings.isEmpty() || poolers.isEmpty() ? List.of(SETTINGS + " or " + POOLERS) : List.of();
    }

    String markdown() {
        StringBuilder text = new StringBuilder("""

                ## Databases and their settings

                Each row is a whole run: KB parts, transactional parts with checkpoints, a global part, ids and errors outside ASCII.
                "Refused" means that the first look ends with an error that names the reason and the remedy.

                | database | mode, driver, encoding, pool or pooler | result |
                |---|---|---|
                """);
        boolean passed = settings.values().stream().allMatch(outcome -> outcome == Outcome.PASSED);
        for (Setting setting : Setting.all()) {
            String expected = setting.refusal().isEmpty() ? "✓" : "refused: " + setting.refusal();
            text.append(row(setting.database(), setting.what(), passed ? expected : "**failed**"));
        }
        Outcome pgBouncer = poolers.getOrDefault(PGBOUNCER, Outcome.SKIPPED);
        text.append(row(
                "PostgreSQL",
                "PgBouncer, `pool_mode=transaction`, `prepareThreshold=0`",
                pgBouncer == Outcome.SKIPPED ? "not run: no PgBouncer here" : pgBouncer.mark()));
        return text.toString();
    }

    /** One row of the table. */
    static String row(String database, String what, String result) {
        return "| " + database + " | " + what + " | " + result + " |\n";
    }
}
