package dev.kbmigrator.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.jdbc.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table of settings, and the page that it is on. */
class SettingsTableTest {

    @TempDir
    Path directory;

    private String table(String settings, String pooler) throws IOException {
        report(
                "SettingsIT",
                "<testcase name=\"aWholeRunSucceedsOrIsRefusedByName(Setting)[1]\">" + settings + "</testcase>");
        report(
                "PoolerIT",
                "<testcase name=\"aRunThroughPgBouncerInTransactionModeSucceedsWithoutAWarning\">" + pooler
                        + "</testcase>");
        SettingsTable table = new SettingsTable(new Reports(List.of(directory)));
        assertThat(table.missing()).isEmpty();
        return table.markdown();
    }

    private void report(String name, String testCase) throws IOException {
        Files.writeString(
                directory.resolve("TEST-dev.kbmigrator.jdbc." + name + ".xml"),
                "<testsuite>" + testCase + "</testsuite>");
    }

    @Test
    void thePageListsEverySettingThatIsRunWithItsResult() throws IOException {
        String page = Files.readString(Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                .resolve("docs/compatibility.md"));
        String rows = table("", "");
        // Whether there is a PgBouncer depends on the machine
        assertThat(page).contains(rows.substring(0, rows.indexOf("| PostgreSQL | PgBouncer")));
    }

    @Test
    void aFailureAndASkippedRunShow() throws IOException {
        assertThat(table("<failure/>", "<skipped/>"))
                .contains("| H2 | MODE=Oracle | **failed** |", "not run: no PgBouncer here");
        assertThat(table("", "")).contains("| H2 | MODE=Oracle | ✓ |", "`prepareThreshold=0` | ✓ |");
    }

    @Test
    void withoutReportsThereIsNoTable() throws IOException {
        assertThat(new SettingsTable(new Reports(List.of(directory))).missing()).hasSize(1);
        assertThat(Setting.all()).hasSizeGreaterThan(30);
    }
}
