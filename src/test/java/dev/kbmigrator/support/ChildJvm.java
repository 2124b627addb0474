package dev.kbmigrator.support;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a main class in a JVM of its own, with the class path of the tests. */
public final class ChildJvm {

    private ChildJvm() {}

    /** The command that starts it. */
    public static List<String> command(Class<?> main, List<String> jvmOptions, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.add("-cp");
        // Surefire may hand over the class path in a jar of its own, whose manifest names the rest
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(arguments);
        return command;
    }

    /** Waits for it, and answers the {@code key=value} lines that it printed. */
    public static Map<String, String> run(Class<?> main, List<String> jvmOptions, List<String> arguments)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command(main, jvmOptions, arguments))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .directory(new File(System.getProperty("user.dir")))
                .start();
        Map<String, String> printed = new HashMap<>();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int equals = line.indexOf('=');
                if (equals > 0 && !line.contains(" ")) {
                    printed.put(line.substring(0, equals), line.substring(equals + 1));
                } else {
                    System.out.println(line);
                }
            }
        }
        int code = process.waitFor();
        if (code != 0) {
            throw new IOException(main.getName() + " ended with exit code " + code);
        }
        return printed;
    }
}
