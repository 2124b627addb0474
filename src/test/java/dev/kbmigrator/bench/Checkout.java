package dev.kbmigrator.bench;

import dev.kbmigrator.support.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A commit's library and benchmark, compiled: what a contender's JVM is started with.
 *
 * @param name what its databases and figures are called by
 * @param classPath the library, the benchmark, and what they depend on
 * @param main the class that runs a contender, as {@link ContenderMain} does
 */
record Checkout(String name, String classPath, String main) {

    private static final Path PROJECT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    private static final Pattern VERSION = Pattern.compile("<([\\w.-]+\\.version)>[^<]*<");
    private static final Pattern DEPENDENCY = Pattern.compile("<dependency>.*?</dependency>", Pattern.DOTALL);

    /** This one. */
    static Checkout own() {
        return new Checkout("after", ChildJvm.classPath(), ContenderMain.class.getName());
    }

    /**
     * The one that {@code -Dbench.before} names, compiled with {@code mvn test-compile}. If its dependencies are those of this
     * build, they are taken from here; otherwise {@code -Dbench.before.classpath} names a file with their jars. Its main class
     * may be called otherwise: {@code -Dbench.before.main}.
     */
    static Checkout before() throws IOException {
        Path folder = PROJECT.resolve(System.getProperty("bench.before"));
        List<String> classPath = new ArrayList<>();
        for (String classes : List.of("test-classes", "classes")) {
            Path compiled = folder.resolve("target").resolve(classes);
            if (!Files.isDirectory(compiled)) {
                throw new IllegalArgumentException(compiled + " is missing: run mvn test-compile in " + folder);
            }
            classPath.add(compiled.toString());
        }
        classPath.add(dependencies(folder));
        return new Checkout(
                "before",
                String.join(File.pathSeparator, classPath),
                System.getProperty("bench.before.main", ContenderMain.class.getName()));
    }

    private static String dependencies(Path folder) throws IOException {
        String file = System.getProperty("bench.before.classpath");
        if (file != null) {
            return Files.readString(PROJECT.resolve(file)).strip();
        }
        if (!dependenciesNamedIn(folder).equals(dependenciesNamedIn(PROJECT))) {
            throw new IllegalArgumentException("The dependencies in " + folder + "/pom.xml are others than here: run"
                    + " mvn dependency:build-classpath -DincludeScope=test -Dmdep.outputFile=target/classpath in it, and name"
                    + " that file with -Dbench.before.classpath");
        }
        return Stream.of(ChildJvm.classPath().split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static Set<String> dependenciesNamedIn(Path folder) throws IOException {
        String pom = Files.readString(folder.resolve("pom.xml"));
        return Stream.of(VERSION, DEPENDENCY)
                .flatMap(pattern -> pattern.matcher(pom).results())
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
