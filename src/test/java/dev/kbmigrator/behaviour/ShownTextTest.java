package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.InvalidKbIdException;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Texts from outside that look like log lines, colour what follows, or turn it around. */
@Timeout(20)
class ShownTextTest {

    private static final String FORGED = "x\n12:00 ERROR fake \u001b[31m\u202e";
    private static final String SHOWN = "x\\n12:00 ERROR fake \\u001B[31m\\u202E";

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.DEBUG);

    private static void assertSafe(@Nullable String sentence) {
        assertThat(sentence).contains(SHOWN).doesNotContain("\n12:00", "\u001b", "\u202e");
    }

    @Test
    void anIdAndAnErrorAreShownEscapedAndStoredRaw() {
        fleet.kbs.add(FORGED);
        Migrator migrator = fleet.migrator(KbMigration.of(1, "fail", (context, kbId) -> {
            throw new IllegalStateException("bad " + FORGED);
        }));
        assertThatThrownBy(migrator::run).isInstanceOfSatisfying(MigrationFailedException.class, e -> {
            assertSafe(e.getMessage());
            assertThat(e.report().failures().get(0).kbId()).isEqualTo(FORGED);
        });
        assertThatThrownBy(() -> migrator.migrateKb(FORGED)).satisfies(e -> assertSafe(e.getMessage()));
        migrator.forgetKb(FORGED);
        fleet.kbs.clear();
        assertThatThrownBy(() -> migrator.migrateKb(FORGED + "\0"))
                .isInstanceOf(InvalidKbIdException.class)
                .satisfies(e -> assertSafe(e.getMessage()));
        assertThat(log.messages(Level.DEBUG))
                .anyMatch(line -> line.contains(SHOWN))
                .noneMatch(line -> line.contains("\u202e"));
    }

    @Test
    void aReasonIsShownEscapedAndBounded() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.pause(FORGED);
        assertThatThrownBy(migrator::run).isInstanceOfSatisfying(MigrationsPausedException.class, e -> {
            assertSafe(e.getMessage());
            assertThat(e.reason()).isEqualTo(FORGED);
        });
        assertSafe(migrator.status().waitingFor().get(0));
        assertSafe(migrator.dryRun().problems().get(0));
        migrator.abandonTarget(FORGED);
        migrator.pause("y".repeat(20_000_000));
        assertThat(fleet.memory.document("now/control").orElseThrow().json().length())
                .isLessThan(3_000);
        migrator.resume();
        fleet.kbs.add("kb");
        migrator.run();
        for (String bad : List.of("a\0b", "a\ud800b")) {
            assertThatThrownBy(() -> migrator.pause(bad)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> migrator.abandonTarget(bad)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> migrator.skipKb("kb", 1, bad)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> migrator.raiseBaseline(1, bad)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> migrator.nameFleet("name", bad)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(log.messages(Level.DEBUG)).noneMatch(line -> line.contains("\u202e"));
    }

    @Test
    void namesThatDoNotPrintAreRefused() {
        for (String bad : List.of("a\0", FORGED, "a\ud800")) {
            List<Runnable> builds = new ArrayList<>();
            builds.add(() -> fleet.migrator(builder -> builder.node(bad)));
            builds.add(() -> fleet.migrator(builder -> builder.buildId(bad)));
            builds.add(() -> fleet.migrator(builder -> builder.fleet(bad)));
            builds.add(() -> fleet.migrator(KbMigration.of(1, bad, (context, kbId) -> {})));
            for (Runnable build : builds) {
                assertThatThrownBy(build::run)
                        .isInstanceOf(InvalidMigrationsException.class)
                        .hasMessageNotContainingAny("\0", "\u202e");
            }
        }
    }
}
