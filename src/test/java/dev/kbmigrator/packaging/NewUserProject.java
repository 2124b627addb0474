package dev.kbmigrator.packaging;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** The project in {@code src/it/new-user}, built with the compiler of this JVM and the jars that it may use. */
final class NewUserProject {

    /** The directory of this project; the tests run in another one. */
    static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));

    static final Path ROOT = PROJECT.resolve("src/it/new-user");

    /** Of each library that the project's dependencies bring along, a class. */
    private static final List<String> OF_EACH_LIBRARY = List.of(
            "com.google.common.collect.ImmutableList",
            "com.google.common.util.concurrent.internal.InternalFutureFailureAccess",
            "com.fasterxml.jackson.databind.ObjectMapper",
            "com.fasterxml.jackson.core.JsonParser",
            "com.fasterxml.jackson.annotation.JsonProperty",
            "org.slf4j.Logger");

    private static final List<String> OF_EACH_TEST_LIBRARY = List.of(
            "org.junit.jupiter.api.Test",
            "org.junit.jupiter.engine.JupiterTestEngine",
            "org.junit.jupiter.params.ParameterizedTest",
            "org.junit.platform.commons.JUnitException",
            "org.junit.platform.engine.TestEngine",
            "org.junit.platform.launcher.Launcher",
            "org.opentest4j.AssertionFailedError",
            "org.assertj.core.api.Assertions",
            "net.bytebuddy.ByteBuddy");

    private final Path output;

    NewUserProject(Path output) {
        this.output = output;
    }

    /** Compiles the project, the main sources without the test kit. */
    void compile() throws IOException {
        List<Path> jars = new ArrayList<>(jarsOf(OF_EACH_LIBRARY));
        jars.add(BuiltJar.LIBRARY.path());
        compile("src/main/java", output.resolve("classes"), jars);
        jars.addAll(jarsOf(OF_EACH_TEST_LIBRARY));
        jars.add(BuiltJar.TEST_KIT.path());
        jars.add(output.resolve("classes"));
        compile("src/test/java", output.resolve("test-classes"), jars);
    }

    private static void compile(String sources, Path classes, List<Path> classPath) throws IOException {
        Files.createDirectories(classes);
        List<String> arguments = new ArrayList<>(
                List.of("--release", "17", "-proc:none", "-d", classes.toString(), "-cp", joined(classPath)));
        try (Stream<Path> files = Files.walk(ROOT.resolve(sources))) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> arguments.add(file.toString()));
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler().run(null, printed, printed, arguments.toArray(new String[0]));
        if (code != 0) {
            throw new AssertionError(
                    "the new user's " + sources + " does not compile: " + printed.toString(Charset.defaultCharset()));
        }
    }

    /** Runs its tests in a JVM of their own; answers what that printed. */
    String test() throws IOException, InterruptedException {
        List<Path> classPath = new ArrayList<>(jarsOf(OF_EACH_LIBRARY));
        classPath.addAll(jarsOf(OF_EACH_TEST_LIBRARY));
        classPath.addAll(List.of(
                BuiltJar.LIBRARY.path(),
                BuiltJar.TEST_KIT.path(),
                output.resolve("classes"),
                output.resolve("test-classes"),
                runner()));
        Path printed = output.resolve("printed.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        joined(classPath),
                        RunTests.class.getName(),
                        output.resolve("test-classes").toString())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("the new user's tests do not end: " + Files.readString(printed));
        }
        return Files.readString(printed);
    }

    /** A directory with the one class of this project that runs the tests. */
    private Path runner() throws IOException {
        String name = RunTests.class.getName().replace('.', '/') + ".class";
        Path file = output.resolve("runner").resolve(name);
        Files.createDirectories(output.resolve("runner/dev/kbmigrator/packaging"));
        try (InputStream bytes = RunTests.class.getResourceAsStream("/" + name)) {
            Files.write(file, Objects.requireNonNull(bytes, name).readAllBytes());
        }
        return output.resolve("runner");
    }

    /** The jars that the library brings along. */
    static List<Path> libraries() {
        return jarsOf(OF_EACH_LIBRARY);
    }

    private static List<Path> jarsOf(List<String> classes) {
        return classes.stream().map(NewUserProject::jarOf).toList();
    }

    private static Path jarOf(String name) {
        try {
            Path jar = Path.of(Class.forName(name)
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            if (!jar.toString().endsWith(".jar")) {
                throw new AssertionError(name + " comes from a jar, not from " + jar);
            }
            return jar;
        } catch (ReflectiveOperationException | URISyntaxException e) {
            throw new AssertionError("no jar of " + name + " is on the class path of the tests", e);
        }
    }

    private static String joined(List<Path> classPath) {
        return classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /** The dependencies that its POM declares, each as artifact, or artifact:classifier. */
    static List<String> declaredDependencies() throws IOException {
        String pom = Files.readString(ROOT.resolve("pom.xml"));
        String section = pom.substring(pom.indexOf("<dependencies>"), pom.indexOf("</dependencies>"));
        return Arrays.stream(section.split("<dependency>"))
                .skip(1)
                .map(one ->
                        text(one, "artifactId") + (one.contains("<classifier>") ? ":" + text(one, "classifier") : ""))
                .toList();
    }

    private static String text(String xml, String tag) {
        return xml.substring(xml.indexOf("<" + tag + ">") + tag.length() + 2, xml.indexOf("</" + tag + ">"));
    }
}
