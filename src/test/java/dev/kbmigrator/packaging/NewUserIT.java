package dev.kbmigrator.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.support.TestFiles;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * A project outside this one implements both SPIs, and passes the contracts, with the library's jar, the test kit's jar, and
 * what these two say that they need: Guava, SLF4J and Jackson, JUnit and AssertJ. No database, no adapter's library, no
 * logging backend and no nullness annotations are on its class path.
 */
class NewUserIT {

    private static final int FEWEST_TESTS = 100;

    @Test
    void aProjectWithOnlyTheJarsPassesTheContracts() throws IOException, InterruptedException {
        NewUserProject project = new NewUserProject(TestFiles.newDirectory("new-user"));
        project.compile();
        String printed = project.test();
        assertThat(printed).contains("failed=0\n");
        assertThat(Integer.parseInt(printed.replaceAll("(?s).*succeeded=(\\d+).*", "$1")))
                .as(printed)
                .isGreaterThan(FEWEST_TESTS);
    }

    @Test
    void itsPomDeclaresTheTwoJarsAndWhatTestsAreWrittenWith() throws IOException {
        assertThat(NewUserProject.declaredDependencies())
                .containsExactly("kb-migrator", "kb-migrator:testkit", "junit-jupiter", "assertj-core");
    }
}
