package dev.kbmigrator.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JarContentsIT {

    private static final String NESTED_OR_NONE = "(\\$[^/]+)?\\.class";

    @Test
    void theLibraryHoldsTheClassesOfItsSourcesAndNoOthers() throws IOException {
        assertThat(typesIn(BuiltJar.LIBRARY)).containsExactlyInAnyOrderElementsOf(sources("src/main/java"));
        assertThat(BuiltJar.LIBRARY.files())
                .contains("module-info.class", "dev/kbmigrator/Migrator.class")
                .noneMatch(name -> name.contains("/testkit/") || name.contains("/example/"));
    }

    @Test
    void theTestKitHoldsTheClassesOfItsSourcesAndNoOthers() throws IOException {
        assertThat(typesIn(BuiltJar.TEST_KIT)).containsExactlyInAnyOrderElementsOf(sources("src/testkit/java"));
        assertThat(BuiltJar.TEST_KIT.files())
                .contains("dev/kbmigrator/testkit/StateStoreContract.class")
                .allMatch(name -> (name.startsWith("dev/kbmigrator/testkit/") && name.endsWith(".class"))
                        || name.equals("META-INF/LICENSE"));
    }

    @Test
    void theLibraryIsAModuleThatHidesWhatIsInternal() {
        ModuleDescriptor module = module(BuiltJar.LIBRARY);
        assertThat(module.name()).isEqualTo("dev.kbmigrator");
        assertThat(module.isAutomatic()).isFalse();
        assertThat(module.exports())
                .extracting(ModuleDescriptor.Exports::source)
                .contains("dev.kbmigrator", "dev.kbmigrator.spi")
                .noneMatch(name -> name.contains("internal"));
    }

    @Test
    void theTestKitHasAModulesNameOfItsOwn() {
        assertThat(module(BuiltJar.TEST_KIT).name()).isEqualTo("dev.kbmigrator.testkit");
    }

    @ParameterizedTest
    @EnumSource(BuiltJar.class)
    void everyJarHoldsTheLicence(BuiltJar jar) throws IOException {
        try (JarFile file = new JarFile(jar.path().toFile())) {
            JarEntry licence = file.getJarEntry("META-INF/LICENSE");
            assertThat(licence).as("META-INF/LICENSE in " + jar.path()).isNotNull();
            assertThat(file.getInputStream(licence).readAllBytes())
                    .isEqualTo(Files.readAllBytes(NewUserProject.PROJECT.resolve("LICENSE")));
        }
    }

    /** Whoever uses the library does not want to read, or scan, the dependencies of its tests. */
    @Test
    void thePublishedPomNamesNoTestDependencies() throws IOException {
        String pom = Files.readString(Path.of(System.getProperty("build.directory"), "published-pom.xml"));
        assertThat(pom)
                .contains("<artifactId>guava</artifactId>", "<artifactId>shedlock-core</artifactId>", "<licenses>")
                .doesNotContain("<scope>test</scope>", "junit", "testcontainers", "hikari", "<build>");
    }

    private static ModuleDescriptor module(BuiltJar jar) {
        return ModuleFinder.of(jar.path()).findAll().stream()
                .map(ModuleReference::descriptor)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> typesIn(BuiltJar jar) throws IOException {
        return jar.files().stream()
                .filter(name -> name.endsWith(".class"))
                .map(name -> name.replaceFirst(NESTED_OR_NONE, ""))
                .distinct()
                .toList();
    }

    /** Each source holds one type and what is nested in it; a package's notes leave a class only for its annotations. */
    private static List<String> sources(String directory) throws IOException {
        Path root = NewUserProject.PROJECT.resolve(directory);
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> root.relativize(file).toString().replace('\\', '/'))
                    .map(name -> name.substring(0, name.length() - ".java".length()))
                    .toList();
        }
    }
}
