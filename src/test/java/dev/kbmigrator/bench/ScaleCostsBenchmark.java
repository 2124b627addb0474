package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scenario {@code scale} of the benchmark: writes {@code target/bench/scale.json}, from which {@link ScaleMain} predicts. */
@Tag("bench")
class ScaleCostsBenchmark {

    @Test
    void whatEachThingCostsTheStoreIsMeasured() throws Exception {
        Map<String, Double> costs;
        try (ScaleCosts measuring = new ScaleCosts()) {
            costs = measuring.measure();
        }
        ObjectNode figures = new ObjectMapper().createObjectNode();
        costs.forEach((name, value) -> figures.put("scale_" + name, value));
        Path directory = Files.createDirectories(
                Path.of(System.getProperty("build.directory", "target")).resolve("bench"));
        String json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures);
        Files.writeString(directory.resolve("scale.json"), json + "\n");
        System.out.println(json);
        assertThat(costs).allSatisfy((name, value) -> assertThat(value).as(name).isPositive());
    }
}
