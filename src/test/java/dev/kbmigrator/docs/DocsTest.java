package dev.kbmigrator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The Java in the documents is compiled: each block stands, but for white space, in a source of the tests. */
class DocsTest {

    private static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    private static final Path SOURCES = PROJECT.resolve("src/test/java/dev/kbmigrator");
    private static final Pattern BLOCK =
            Pattern.compile("^```java\\s*\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern REGION = Pattern.compile("// region ([^\\n]+)\\n(.*?)// endregion", Pattern.DOTALL);
    private static final Pattern MARKER = Pattern.compile("// (region|endregion)[^\\n]*");
    private static final Pattern SPACE = Pattern.compile("\\s+");

    @Test
    void eachJavaBlockOfTheDocumentsIsCompiled() throws IOException {
        List<String> sources = new ArrayList<>();
        for (Path source : files(SOURCES, name -> name.endsWith(".java"))) {
            if (source.startsWith(SOURCES.resolve("docs")) || source.startsWith(SOURCES.resolve("example"))) {
                sources.add(normalised(Files.readString(source)));
            }
        }
        for (Path document : documents()) {
            for (String block : blocks(document)) {
                assertThat(sources)
                        .as("%s has a block that no source of docs or example holds:%n%s", document, block)
                        .anyMatch(source -> source.contains(normalised(block)));
            }
        }
    }

    @Test
    void eachSnippetStandsInADocument() throws IOException {
        List<String> blocks = new ArrayList<>();
        for (Path document : documents()) {
            blocks(document).forEach(block -> blocks.add(normalised(block)));
        }
        assertThat(blocks).isNotEmpty();
        for (Path source : files(SOURCES.resolve("docs"), name -> name.contains("Snippets"))) {
            for (MatchResult region :
                    REGION.matcher(Files.readString(source)).results().toList()) {
                assertThat(blocks)
                        .as("%s, region %s", source.getFileName(), region.group(1))
                        .contains(normalised(region.group(2)));
            }
        }
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>(files(PROJECT.resolve("docs"), name -> name.endsWith(".md")));
        Path readme = PROJECT.resolve("README.md");
        if (Files.exists(readme)) {
            documents.add(readme);
        }
        return documents;
    }

    private static List<Path> files(Path directory, Predicate<String> name) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> name.test(file.getFileName().toString()))
                    .sorted()
                    .toList();
        }
    }

    private static List<String> blocks(Path document) throws IOException {
        return BLOCK.matcher(Files.readString(document))
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    /** Without the marks of the regions, and without white space: a document breaks its lines where it likes. */
    private static String normalised(String text) {
        return SPACE.matcher(MARKER.matcher(text).replaceAll("")).replaceAll("");
    }
}
