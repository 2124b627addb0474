package dev.kbmigrator.example.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.kbmigrator.support.TestFiles;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example, on a small repository that is made up: two processes, one of them killed. */
@Timeout(300)
class ArchiveIT {

    private static final int KBS = 300;
    private static final int LARGE = 1 << 20;

    private final MadeUpRepository repository = new MadeUpRepository(TestFiles.newDirectory("repository"));
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ArchiveSettings settings = new ArchiveSettings(repository.root(), TestFiles.newDirectory("archive"));

    @Test
    void aReplicaIsKilledInTheMiddleAndTheOtherFinishesItsKbs() throws Exception {
        for (int i = 0; i < KBS; i++) {
            repository.addArtifact("org/example", "large" + i, "1.0", LARGE);
        }
        repository.writeDigest("org/example", "large7", "1.0", "0".repeat(40));
        repository.deleteDigest("org/example", "large8", "1.0");
        Summary first = bringUp();

        assertThat(first.upToDate()).isFalse();
        assertThat(first.contents())
                .isEqualTo(new Contents(
                        KBS,
                        KBS * 3 - 1,
                        KBS * (LARGE + 40L) + KBS * MadeUpRepository.NOTE_BYTES - 40,
                        new Contents.Verdicts(KBS - 2, 1, 1, 2 * KBS - 1)));
        assertThat(first.mismatches()).containsExactly("org/example/large7/1.0/large7-1.0.jar");
        assertThat(first.killCost()).hasValueSatisfying(cost -> {
            assertThat(cost.partsRunAgain()).isPositive();
            assertThat(cost.lastAgain()).isGreaterThanOrEqualTo(cost.firstAgain());
        });
        assertThat(output.toString(StandardCharsets.UTF_8))
                .contains("Killed replica b", "mismatched", "until the last went on");
        assertThat(childrenOfThisProcess()).isZero();
    }

    @Test
    void aSecondRunFindsNothingToDoAndALaterOneFindsWhatHasChanged() throws Exception {
        repository.addArtifact("org/example", "one", "1.0", 1_000);
        repository.addArtifact("org/example", "two", "1.0", 1_000);
        assertThat(bringUp().contents().kbs()).isEqualTo(2);

        Summary second = bringUp();
        assertThat(second.upToDate()).isTrue();
        assertThat(output.toString(StandardCharsets.UTF_8)).contains("Nothing to do: all 2 KBs are up to date");

        repository.deleteArtifact("org/example", "one", "1.0");
        repository.addArtifact("org/example", "three", "1.0-SNAPSHOT", 1_000);
        Summary third = bringUp();
        assertThat(third.upToDate()).isFalse();
        assertThat(third.contents().kbs()).isEqualTo(2);
        assertThat(third.contents().verdicts().verified()).isEqualTo(2);
        assertThat(bringUp().upToDate()).isTrue();
    }

    @Test
    void aReplicaThatCannotReadAFileFailsTheRunWithItsMessage() throws Exception {
        repository.addArtifact("org/example", "one", "1.0", 1_000);
        // Of a directory in its place, the digest cannot be read, whoever runs this
        repository.deleteDigest("org/example", "one", "1.0");
        Files.createDirectory(repository.digest("org/example", "one", "1.0"));

        assertThatThrownBy(this::bringUp)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ended with exit code 1")
                .hasMessageContaining("org/example/one/1.0 at version 2");
        assertThat(childrenOfThisProcess()).isZero();
    }

    @Test
    void noReplicaOutlivesTheProcessThatStartedIt() throws Exception {
        for (int i = 0; i < KBS; i++) {
            repository.addArtifact("org/example", "large" + i, "1.0", LARGE);
        }
        List<String> options = List.of(
                "-XX:-UsePerfData",
                "-Darchive.repository=" + settings.repository(),
                "-Darchive.directory=" + settings.directory());
        Process main = new ProcessBuilder(JavaCommand.of(ArchiveMain.class, options, List.of())).start();
        List<ProcessHandle> replicas;
        try (BufferedReader lines = main.inputReader()) {
            assertThat(lines.lines().anyMatch(line -> line.startsWith("Killed replica b")))
                    .isTrue();
            replicas = main.descendants().toList();
        } finally {
            main.destroyForcibly().waitFor();
        }
        assertThat(replicas).isNotEmpty();
        await().atMost(Duration.ofSeconds(30)).until(() -> replicas.stream().noneMatch(ProcessHandle::isAlive));
        // What they left is gone on with
        assertThat(bringUp().contents().verdicts().verified()).isEqualTo(KBS);
    }

    private Summary bringUp() throws Exception {
        return new Archive(settings, new PrintStream(output, true, StandardCharsets.UTF_8)).bringUp();
    }

    private static long childrenOfThisProcess() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains(ArchiveReplica.class.getName()))
                .count();
    }
}
