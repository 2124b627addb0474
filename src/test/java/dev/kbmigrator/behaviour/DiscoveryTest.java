package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.behaviour.discovery.bad.M0002_NeedsAService;
import dev.kbmigrator.behaviour.discovery.beside.M0001_AddSlugs;
import dev.kbmigrator.behaviour.discovery.good.M0001_MigrateData;
import dev.kbmigrator.behaviour.discovery.good.V0002_X;
import dev.kbmigrator.behaviour.discovery.good.deeper.M12_ABCTest;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway")
class DiscoveryTest {

    private static final String GOOD = M0001_MigrateData.class.getPackageName();
    private static final String BAD = M0002_NeedsAService.class.getPackageName();

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private List<MigrationInfo> planOf(Migrations source) {
        return fleet.builder().migrations(source).build().dryRun().stages().stream()
                .flatMap(stage -> stage.migrations().stream())
                .toList();
    }

    private List<String> problemsOf(Migrations source) {
        InvalidMigrationsException error = catchThrowableOfType(
                InvalidMigrationsException.class,
                () -> fleet.builder().migrations(source).build());
        return error.problems();
    }

    @Test
    void aPackageIsSearchedWithThoseBelowIt() {
        assertThat(planOf(Migrations.inPackage(GOOD)))
                .containsExactly(
                        new MigrationInfo(1, "migrate_data", true, false),
                        new MigrationInfo(2, "x", false, true),
                        new MigrationInfo(12, "abc_test", true, true));
    }

    @Test
    void theThreeWaysFindTheSame(@TempDir Path directory) throws IOException {
        List<MigrationInfo> expected = planOf(Migrations.inPackage(GOOD));
        assertThat(planOf(Migrations.of(new M12_ABCTest(), new V0002_X(), new M0001_MigrateData())))
                .isEqualTo(expected);
        withServices(
                directory,
                List.of(M12_ABCTest.class.getName(), M0001_MigrateData.class.getName(), V0002_X.class.getName()),
                () -> assertThat(planOf(Migrations.fromServiceLoader())).isEqualTo(expected));
    }

    @Test
    void everyProviderThatCannotBeMadeIsReported(@TempDir Path directory) throws IOException {
        withServices(
                directory,
                List.of("com.example.Missing1", M0001_MigrateData.class.getName(), BAD + ".M0004_FailsWhenMade"),
                () -> assertThat(problemsOf(Migrations.fromServiceLoader()))
                        .hasSize(2)
                        .anySatisfy(problem -> assertThat(problem).contains("Missing1"))
                        .anySatisfy(problem -> assertThat(problem).contains("M0004_FailsWhenMade")));
    }

    private static void withServices(Path directory, List<String> providers, Runnable test) throws IOException {
        Path services = Files.createDirectories(directory.resolve("META-INF/services"));
        Files.write(services.resolve(Migration.class.getName()), providers);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {url(directory)}, before)) {
            thread.setContextClassLoader(loader);
            test.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static URL url(Path directory) throws MalformedURLException {
        return directory.toUri().toURL();
    }

    @Test
    void aFactoryMakesTheMigrations() {
        List<Class<?>> asked = new ArrayList<>();
        List<MigrationInfo> plan = planOf(Migrations.inPackage(GOOD, type -> {
            asked.add(type);
            return type.getConstructor().newInstance();
        }));
        assertThat(plan).hasSize(3);
        assertThat(asked).containsExactlyInAnyOrder(M0001_MigrateData.class, V0002_X.class, M12_ABCTest.class);
    }

    @Test
    void aFactoryThatMakesNothingIsReported() {
        assertThat(problemsOf(Migrations.inPackage(GOOD, type -> null)))
                .hasSize(3)
                .anySatisfy(problem -> assertThat(problem).contains("M0001_MigrateData"));
    }

    @Test
    void anEmptyPackageNamesTheOtherTwoWays() {
        assertThat(problemsOf(Migrations.inPackage("dev.kbmigrator.behaviour.discovery.empty")))
                .singleElement()
                .satisfies(problem -> assertThat(problem)
                        .contains("dev.kbmigrator.behaviour.discovery.empty")
                        .contains("Migrations.fromServiceLoader()")
                        .contains("Migrations.of("));
        assertThat(problemsOf(Migrations.inPackage("no.such.pkg"))).hasSize(1);
    }

    @Test
    void anEmptyPackageNamesWhatCannotBeSearched() throws IOException {
        try (URLClassLoader loader =
                new URLClassLoader("the host's", new URL[0], getClass().getClassLoader())) {
            assertThat(with(loader, () -> problemsOf(Migrations.inPackage("no.such.pkg"))))
                    .singleElement()
                    .asString()
                    .contains("nested in another jar", "module path", "the host's");
        }
    }

    @Test
    void aClassBesideItsMigrationIsNoProblem() {
        assertThat(planOf(Migrations.inPackage(M0001_AddSlugs.class.getPackageName())))
                .containsExactly(new MigrationInfo(1, "add_slugs", true, false));
        assertThat(log.messages(Level.WARN))
                .as("its test belongs there; another class of that version may be a mistake")
                .singleElement()
                .asString()
                .contains("M0001_Rows", "does not implement Migration");
    }

    /** Its version may be another than its name says. */
    @Test
    void aClassBesideAMigrationThatSaysItsVersionIsNoProblem() {
        List<String> problems = problemsOf(Migrations.inPackage(BAD, type -> KbMigration.of(3, "made", (c, kb) -> {})));
        assertThat(problems).noneMatch(problem -> problem.contains("M0003_NoMigration"));
    }

    @Test
    void aServiceLoaderThatFindsNothingIsReported() throws IOException {
        try (URLClassLoader loader =
                new URLClassLoader("the host's", new URL[0], getClass().getClassLoader())) {
            assertThat(with(loader, () -> problemsOf(Migrations.fromServiceLoader())))
                    .singleElement()
                    .asString()
                    .contains("META-INF/services/dev.kbmigrator.Migration", "the host's", "Migrations.of(...)");
        }
    }

    @Test
    void aProviderThatFailsIsTheOnlyProblem(@TempDir Path directory) throws IOException {
        withServices(
                directory,
                List.of(BAD + ".M0004_FailsWhenMade"),
                () -> assertThat(problemsOf(Migrations.fromServiceLoader()))
                        .singleElement()
                        .asString()
                        .contains("M0004_FailsWhenMade"));
    }

    @Test
    void anExplicitListMayBeEmpty() {
        assertThat(planOf(Migrations.of())).isEmpty();
        assertThat(planOf(Migrations.of(List.of()))).isEmpty();
    }

    @Test
    void aMigrationThatIsNullIsReportedWithTheOtherProblems() {
        KbMigration zero = KbMigration.of(1, "one", (context, kbId) -> {});
        assertThat(problemsOf(Migrations.of(zero, null, zero)))
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).contains("is null"))
                .anySatisfy(problem -> assertThat(problem).contains("claimed twice"));
        assertThat(problemsOf(Migrations.of((Migration) null))).hasSize(1);
    }

    @Test
    void aMissingArgumentIsNamed() {
        assertThatNullPointerException()
                .isThrownBy(() -> Migrations.of((Migration[]) null))
                .withMessage("migrations");
        assertThatNullPointerException()
                .isThrownBy(() -> Migrations.of((Iterable<Migration>) null))
                .withMessage("migrations");
        assertThatNullPointerException()
                .isThrownBy(() -> Migrations.inPackage(null))
                .withMessage("packageName");
        assertThatNullPointerException()
                .isThrownBy(() -> Migrations.inPackage("a", null))
                .withMessage("factory");
    }

    private static <T> T with(ClassLoader loader, Supplier<T> call) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(loader);
            return call.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    @Test
    void everyUnusableClassIsReportedAtOnce() {
        List<String> problems = problemsOf(Migrations.inPackage(BAD));
        assertThat(problems)
                .hasSize(8)
                .anySatisfy(problem ->
                        assertThat(problem).contains("M0001_PrivateConstructor").contains("no public constructor"))
                .anySatisfy(problem ->
                        assertThat(problem).contains("M0002_NeedsAService").contains("no public constructor"))
                .anySatisfy(problem ->
                        assertThat(problem).contains("M0003_NoMigration").contains("does not implement"))
                .anySatisfy(problem ->
                        assertThat(problem).contains("M0004_FailsWhenMade").contains("no configuration"))
                .anySatisfy(problem ->
                        assertThat(problem).contains("M0005_NotPublic").contains("is not public"))
                .anySatisfy(
                        problem -> assertThat(problem).contains("M0006_Nested").contains("nested"))
                .anySatisfy(
                        problem -> assertThat(problem).contains("M0007_Inner").contains("nested"))
                .anySatisfy(problem -> assertThat(problem).contains("Misnamed").contains("M0001_MigrateData"));
    }

    @Test
    void versionAndNameCanBeOverridden() {
        Migration proxy = (Migration) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {KbMigration.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "version" -> 7L;
                    case "name" -> "proxied";
                    case "timeout" -> java.util.Optional.empty();
                    case "requiresFullRollout" -> false;
                    default -> null;
                });
        assertThat(planOf(Migrations.of(proxy, KbMigration.of(3, "lambda", (context, kbId) -> {}))))
                .containsExactly(
                        new MigrationInfo(3, "lambda", true, false), new MigrationInfo(7, "proxied", true, false));
    }
}
