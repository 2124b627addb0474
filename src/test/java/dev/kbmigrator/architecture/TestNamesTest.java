package dev.kbmigrator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A reader who meets a name in a report, a stack trace or a document knows which class of the tests it is. */
class TestNamesTest {

    private static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));

    @Test
    void noTwoTopLevelClassesShareASimpleName() throws IOException {
        Map<String, List<String>> byName = new TreeMap<>();
        for (String folder : List.of("src/test/java", "src/testkit/java", "src/it")) {
            for (Path source : javaFiles(PROJECT.resolve(folder))) {
                byName.computeIfAbsent(source.getFileName().toString(), name -> new ArrayList<>())
                        .add(PROJECT.relativize(source).toString());
            }
        }
        byName.keySet().removeAll(Set.of("package-info.java", "module-info.java"));
        assertThat(byName).hasSizeGreaterThan(1);
        assertThat(byName.values()).filteredOn(sources -> sources.size() > 1).isEmpty();
    }

    private static List<Path> javaFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
