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

    /** The class path of the tests. Surefire may hand it over in a jar of its own, whose manifest names the rest. */
    public static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** The command that starts it. */
    public static List<String> command(Class<?> main, List<String> jvmOptions, List<String> arguments) {
        return command(classPath(), main.getName(), jvmOptions, arguments);
    }

    /** The command that starts a main class of another class path. */
    public static List<String> command(String classPath, String main, List<String> jvmOptions, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.add("-cp");
        command.add(classPath);
        command.add(main);
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
