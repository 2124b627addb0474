package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an adapter does that commits a migration's outcome itself. */
@Timeout(20)
class AttemptCommitTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(5);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    /** The revision of a global part's record right after its commit. */
    private long committed;

    private void commit(MigrationContext context) {
        AttemptCommit attempt = (AttemptCommit) context;
        String kbId = context.kbId().orElseThrow();
        var result = fleet.memory.write(
                Set.of(attempt.epoch()),
                List.of(new KbWrite.Advanced(kbId, attempt.incarnation(), attempt.fromVersion(), context.version())));
        assertThat(result.exceptions()).isEmpty();
        assertThat(result.refused()).isFalse();
        assertThat(attempt.doneRecord()).isEmpty();
        attempt.committed();
    }

    private void commitGlobal(MigrationContext context) {
        AttemptCommit attempt = (AttemptCommit) context;
        Document record = attempt.doneRecord().orElseThrow();
        assertThat(fleet.memory.compareAndSet(record.name(), record.revision(), record.json(), attempt.epoch()))
                .isTrue();
        committed = fleet.memory.document(record.name()).orElseThrow().revision();
        attempt.committed();
    }

    @Test
    void aKbThatHasCommittedNeedsNoWriteOfTheEngine() {
        Migrator migrator = fleet.migrator(
                KbMigration.of(1, "commit", (context, kbId) -> commit(context)),
                KbMigration.of(2, "commit_too", (context, kbId) -> commit(context)));
        RunReport report = migrator.run();
        assertThat(report.kbMigrations()).isEqualTo(10);
        assertThat(report.currentVersion()).isEqualTo(2);
        assertThat(fleet.storeCalls.calls).doesNotContain("write");
    }

    @Test
    void whatThrowsAfterItsCommitIsDoneAllTheSame() {
        Migrator migrator = fleet.migrator(
                KbMigration.of(1, "commit", (context, kbId) -> {
                    commit(context);
                    throw new IllegalStateException("on closing the connection");
                }),
                GlobalMigration.of(2, "commit_too", context -> {
                    commitGlobal(context);
                    throw new IllegalStateException("on closing the connection");
                }));
        assertThat(migrator.run().currentVersion()).isEqualTo(2);
        assertThat(log.messages(Level.WARN).stream().filter(message -> message.contains("after it had committed")))
                .hasSize(6);
    }

    @Test
    void aGlobalPartThatHasCommittedNeedsNoWriteOfTheEngine() {
        Migrator migrator = fleet.migrator(fleet.recording(1), GlobalMigration.of(2, "commit", context -> {
            fleet.ran.add("2/");
            assertThat(((AttemptCommit) context).fromVersion()).isEqualTo(0);
            context.saveCheckpoint("half");
            commitGlobal(context);
        }));
        assertThat(migrator.run().globalMigrations()).containsExactly(2L);
        Document record = fleet.memory.documents("global/").get(0);
        assertThat(record.json()).contains("\"done\":true", "half", "finishedMicros");
        assertThat(record.revision()).as("nothing is written after the commit").isEqualTo(committed);
    }

    @Test
    void whatThrowsBeforeItsCommitFails() {
        Migrator migrator = fleet.migrator(KbMigration.of(1, "commit", (context, kbId) -> {
            if (kbId.equals("kb-3")) {
                throw new IllegalStateException("rolled back");
            }
            commit(context);
        }));
        assertThat(catchThrowableOfType(MigrationFailedException.class, migrator::run)
                        .report()
                        .failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.error()).contains("rolled back"));
    }

    @Test
    void whatIsCancelledAfterItsCommitIsDone() {
        Migrator migrator = fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(50)).leaseTtl(Duration.ofMillis(200)),
                KbMigration.of(1, "commit", (context, kbId) -> {
                    commit(context);
                    if (kbId.equals("kb-3")) {
                        new CountDownLatch(1).await();
                    }
                }));
        assertThat(migrator.run().kbMigrations()).isEqualTo(5);
    }
}
