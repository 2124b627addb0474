package dev.kbmigrator.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The file with the figures: one flat object. */
final class Result {

    private Result() {}

    static void write(Path file, Map<String, Double> figures) throws IOException {
        ObjectNode json = new ObjectMapper().createObjectNode();
        figures.forEach((key, value) -> json.put(key, Math.round(value * 10_000) / 10_000.0));
        String text = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(json);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
        System.out.println(text);
    }
}
