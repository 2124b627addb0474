package dev.kbmigrator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rooms as {@code docs/architecture.md} shows them, compared with the rooms in the source. */
class ArchitecturePageTest {

    private static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    private static final Path ROOMS = PROJECT.resolve("src/main/java/dev/kbmigrator/internal");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z]+)` \\|[^|]*\\|([^|]*)\\|");
    private static final Pattern CLASS_NAME = Pattern.compile("`([A-Z]\\w+)`");

    private static Map<String, List<String>> onThePage() throws IOException {
        Map<String, List<String>> rooms = new TreeMap<>();
        Matcher row = ROW.matcher(Files.readString(PROJECT.resolve("docs/architecture.md")));
        while (row.find()) {
            List<String> names = new ArrayList<>();
            Matcher name = CLASS_NAME.matcher(row.group(2));
            while (name.find()) {
                names.add(name.group(1));
            }
            rooms.put(row.group(1), names);
        }
        return rooms;
    }

    private static Map<String, List<String>> inTheSource() throws IOException {
        Map<String, List<String>> rooms = new TreeMap<>();
        try (Stream<Path> files = Files.walk(ROOMS)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                String name = file.getFileName().toString().replace(".java", "");
                if (!name.equals("package-info")) {
                    rooms.computeIfAbsent(ROOMS.relativize(file).getName(0).toString(), room -> new ArrayList<>())
                            .add(name);
                }
            }
        }
        return rooms;
    }

    @Test
    void everyClassOfInternalIsNamedOnceInItsRoom() throws IOException {
        Map<String, List<String>> page = onThePage();
        Map<String, List<String>> source = inTheSource();
        assertThat(page.keySet()).isEqualTo(source.keySet());
        source.forEach((room, names) ->
                assertThat(page.get(room)).as("the room %s", room).containsExactlyInAnyOrderElementsOf(names));
        Set<String> seen = new HashSet<>();
        page.values()
                .forEach(names -> names.forEach(
                        name -> assertThat(seen.add(name)).as(name).isTrue()));
    }
}
