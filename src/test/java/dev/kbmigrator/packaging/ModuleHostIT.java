package dev.kbmigrator.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.support.TestFiles;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Hosts that are Java modules, compiled and run on the module path with the library's jar and what its POM says that it needs: no
 * adapter's library and no nullness annotations are there. A warning of the compiler is an error.
 */
class ModuleHostIT {

    @Test
    void aModuleThatRequiresOnlyTheLibraryCompilesAndRuns() throws IOException, InterruptedException {
        assertThat(compileAndRun("module-host", "acme.app/acme.app.ModuleHost"))
                .contains("kb-1 from 3\n", "ran to 1\n")
                .as("a record in a package that the module does not open")
                .containsPattern("refused: dev.kbmigrator.CheckpointException: .*acme.app.ModuleHost\\$Hidden.*")
                .containsPattern("refused: .* does not .?open.?s?.? acme.app");
    }

    @Test
    void aModuleMayProvideMigrationsAndOpenItsCheckpoints() throws IOException, InterruptedException {
        assertThat(compileAndRun("module-provider", "acme.migrations/acme.migrations.ModuleProvider"))
                .contains("failed once\n", "kb-1 from Position[page=7, lastKey=g]\n", "ran to 1\n");
    }

    private static String compileAndRun(String directory, String main) throws IOException, InterruptedException {
        Path output = TestFiles.newDirectory(directory);
        compile(NewUserProject.PROJECT.resolve("src/it").resolve(directory).resolve("src"), output);
        return run(output, main);
    }

    private static String modulePath(Path... more) {
        List<Path> jars = new ArrayList<>(NewUserProject.libraries());
        jars.add(BuiltJar.LIBRARY.path());
        jars.addAll(List.of(more));
        return jars.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static void compile(Path sources, Path output) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--release", "17", "-proc:none", "-Xlint:all", "-Werror", "-d", output.toString(), "-p", modulePath()));
        try (Stream<Path> files = Files.walk(sources)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> arguments.add(file.toString()));
        }
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler().run(null, printed, printed, arguments.toArray(new String[0]));
        assertThat(code).as(printed.toString(Charset.defaultCharset())).isZero();
    }

    private static String run(Path output, String main) throws IOException, InterruptedException {
        Path printed = Files.createTempFile(output, "printed", ".txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-p",
                        modulePath(output),
                        "-m",
                        main)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        if (!process.waitFor(1, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
        }
        String text = Files.readString(printed);
        assertThat(process.exitValue()).as(text).isZero();
        return text.replace("\r\n", "\n");
    }
}
