package dev.kbmigrator.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MatrixTest {

    private static final List<Implementation> ACME = List.of(new Implementation("acme", null, "acme.AcmeLockTest"));

    @TempDir
    Path directory;

    @Test
    void eachImplementationIsTestedByAClassThatIsThere() throws ClassNotFoundException {
        for (Implementation implementation : Implementation.ALL) {
            assertThat(implementation.testClasses()).isNotEmpty();
            for (String name : implementation.testClasses().values()) {
                assertThat(Class.forName(name)).as(name).isNotNull();
            }
        }
    }

    @Test
    void theContractsTestsAreCountedAndNoOthers() throws IOException {
        List<String> cases = passed();
        cases.add("<testcase name=\"ofAcmesOwn\"><failure/></testcase>");
        report(cases);
        Matrix matrix = matrix();
        int tests = Contract.LOCK.tests().size();
        assertThat(matrix.missing()).isEmpty();
        assertThat(matrix.json())
                .isEqualToIgnoringWhitespace(
                        "{\"acme\":{\"LockContract\":{\"run\":" + tests + ",\"failed\":0,\"skipped\":0}}}");
        assertThat(matrix.markdown())
                .contains("| acme | – | " + tests + " of " + tests + " |")
                .contains("| aLeaseOfOneMillisecondIsALease | ✓ |")
                .doesNotContain("ofAcmesOwn");
    }

    @Test
    void failuresAndSkippedTestsShow() throws IOException {
        List<String> cases = passed();
        cases.set(0, cases.get(0).replace("/>", "><error/></testcase>"));
        cases.set(1, cases.get(1).replace("/>", "><skipped/></testcase>"));
        report(cases);
        int tests = Contract.LOCK.tests().size();
        assertThat(matrix().json())
                .isEqualToIgnoringWhitespace(
                        "{\"acme\":{\"LockContract\":{\"run\":" + tests + ",\"failed\":1,\"skipped\":1}}}");
        assertThat(matrix().markdown())
                .contains("| acme | – | " + (tests - 2) + " of " + tests + ", 1 skipped |")
                .contains("| **failed** |")
                .contains("| skipped |");
    }

    @Test
    void aReportThatIsNotThereOrLacksATestIsMissing() throws IOException {
        int tests = Contract.LOCK.tests().size();
        assertThat(matrix().missing()).containsExactly("acme.AcmeLockTest (" + tests + " of " + tests + " tests)");
        report(passed().subList(1, tests));
        assertThat(matrix().missing()).containsExactly("acme.AcmeLockTest (1 of " + tests + " tests)");
    }

    private Matrix matrix() throws IOException {
        return new Matrix(ACME, new Reports(List.of(directory.resolve("nowhere"), directory)));
    }

    private static List<String> passed() {
        List<String> cases = new ArrayList<>();
        Contract.LOCK.tests().forEach(test -> cases.add("<testcase name=\"" + test + "\"/>"));
        return cases;
    }

    private void report(List<String> cases) throws IOException {
        Files.writeString(
                directory.resolve("TEST-acme.AcmeLockTest.xml"),
                "<testsuite>" + String.join("\n", cases) + "</testsuite>");
    }
}
