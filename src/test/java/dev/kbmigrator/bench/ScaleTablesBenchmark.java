package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code mvn -B -Pbench verify -Dit.test=ScaleTablesBenchmark}, after the benchmark, writes {@code target/bench/scale.md} from the
 * figures that it left.
 */
@Tag("bench")
class ScaleTablesBenchmark {

    @Test
    void theTablesAreWrittenFromWhatWasMeasured() throws IOException {
        Path directory =
                Path.of(System.getProperty("build.directory", "target")).resolve("bench");
        Map<String, Double> figures = new TreeMap<>();
        for (String name : List.of("result.json", "scale.json")) {
            Path file = directory.resolve(name);
            assumeTrue(Files.exists(file), "the benchmark has not left " + name);
            read(file, figures);
        }
        assumeTrue(figures.containsKey("b_1000000_kbs"), "the benchmark has not measured a million KBs");
        String tables = new ScaleTables(figures).all();
        Files.writeString(directory.resolve("scale.md"), tables);
        System.out.println(tables);
        assertThat(tables).contains("| 1,000,000,000 | 500 |");
    }

    private static void read(Path file, Map<String, Double> figures) throws IOException {
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        json.properties()
                .forEach(
                        figure -> figures.put(figure.getKey(), figure.getValue().asDouble()));
    }
}
