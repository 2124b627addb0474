package dev.kbmigrator.compatibility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the matrix at the end of {@code mvn verify}: {@code target/compatibility/result.json}, and {@code
 * docs/compatibility.md} when it has changed. Without all reports, as after a run of one profile, it leaves both as they are.
 * Arguments: the project's directory and its build directory.
 */
public final class CompatibilityMain {

    private CompatibilityMain() {}

    /** Writes the matrix. */
    public static void main(String[] args) throws IOException {
        Path build = Path.of(args[1]);
        Reports reports = new Reports(List.of(build.resolve("surefire-reports"), build.resolve("failsafe-reports")));
        Matrix matrix = new Matrix(Implementation.ALL, reports);
        SettingsTable settings = new SettingsTable(reports);
        List<String> missing = new ArrayList<>(matrix.missing());
        missing.addAll(settings.missing());
        if (!missing.isEmpty()) {
            System.out.println("The compatibility matrix stays as it is: no report of " + String.join(", ", missing));
            return;
        }
        writeIfChanged(build.resolve("compatibility"), "result.json", matrix.json());
        writeIfChanged(Path.of(args[0]).resolve("docs"), "compatibility.md", matrix.markdown() + settings.markdown());
    }

    private static void writeIfChanged(Path directory, String name, String text) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file) || !Files.readString(file).equals(text)) {
            Files.createDirectories(directory);
            Files.writeString(file, text);
        }
    }
}
