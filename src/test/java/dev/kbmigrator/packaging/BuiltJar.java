package dev.kbmigrator.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** The jars that this build has packed. */
enum BuiltJar {
    LIBRARY("kb-migrator.jar"),
    TEST_KIT("kb-migrator.testkit.jar");

    private final String property;

    BuiltJar(String property) {
        this.property = property;
    }

    Path path() {
        String path = System.getProperty(property);
        if (path == null || !Files.exists(Path.of(path))) {
            throw new AssertionError("the system property " + property + " names a jar that the build has packed, not "
                    + path + ": run this through mvn verify");
        }
        return Path.of(path);
    }

    /** The files in it, without its manifest and what Maven says of the project. */
    List<String> files() throws IOException {
        try (JarFile jar = new JarFile(path().toFile())) {
            return jar.stream()
                    .filter(entry -> !entry.isDirectory())
                    .map(JarEntry::getName)
                    .filter(name -> !name.startsWith("META-INF/"))
                    .toList();
        }
    }
}
