package dev.kbmigrator.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The file with the figures: one flat object. */
final class Result {

    private Result() {}

    static void write(Path file, Figures figures, List<Promise> promises) throws IOException {
        Map<String, Double> flat = new TreeMap<>(figures.flat());
        for (Promise promise : promises) {
            promise.value().ifPresent(value -> flat.put(promise.key(), value));
        }
        ObjectNode json = new ObjectMapper().createObjectNode();
        flat.forEach((key, value) -> json.put(key, rounded(value)));
        String text = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
        System.out.println(text);
    }

    private static double rounded(double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }
}
