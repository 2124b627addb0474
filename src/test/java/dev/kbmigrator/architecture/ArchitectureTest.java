package dev.kbmigrator.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The dependency directions and the bans that hold the code base together; each rule allows for packages to come. */
class ArchitectureTest {

    private static final String ROOT = "dev.kbmigrator";
    private static final String SPI = ROOT + ".spi..";
    private static final String INTERNAL = ROOT + ".internal..";

    private static final DescribedPredicate<JavaClass> ADAPTER = resideInAPackage(ROOT + ".*..")
            .and(DescribedPredicate.not(resideInAnyPackage(SPI, INTERNAL)))
            .as("an adapter");

    private static final ArchRule ONLY_THE_ENVIRONMENT_TOUCH_TIME_THREADS_AND_CHANCE = noClasses()
            .that()
            .resideInAPackage(INTERNAL)
            .and(DescribedPredicate.not(BannedCalls.madeIn("SystemEnvironment")))
            .should(BannedCalls.makeABannedCall())
            .because("a test must be able to run the real engine under a seeded scheduler with virtual time")
            .allowEmptyShould(true);

    private static final ArchRule NO_FOREIGN_TYPE_IN_A_PUBLIC_SIGNATURE = classes()
            .that()
            .resideOutsideOfPackage(INTERNAL)
            .should(PublicSignatures.showNothingOf("com.google.common", "com.fasterxml.jackson"))
            .because("hosts may use other versions of Guava and Jackson, or none")
            .allowEmptyShould(true);

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void nothingDependsOnAnAdapter() {
        noClasses()
                .that(DescribedPredicate.not(ADAPTER))
                .should()
                .dependOnClassesThat(ADAPTER)
                .allowEmptyShould(true)
                .check(LIBRARY);
        slices().matching(ROOT + ".(*)..")
                .that(DescribedPredicate.describe(
                        "are adapters", slice -> !Set.of("spi", "internal").contains(slice.getNamePart(1))))
                .should()
                .notDependOnEachOther()
                .allowEmptyShould(true)
                .check(LIBRARY);
    }

    @Test
    void adaptersAndTheSpiDoNotUseInternals() {
        noClasses()
                .that(ADAPTER.or(resideInAPackage(SPI)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(INTERNAL)
                .allowEmptyShould(true)
                .check(LIBRARY);
    }

    @Test
    void onlyTheEntryPointsOfTheRootPackageUseInternals() {
        noClasses()
                .that()
                .resideInAPackage(ROOT)
                .and()
                .haveNameNotMatching("dev\\.kbmigrator\\.(Migrator|MigratorBuilder|Migrations)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(INTERNAL)
                .allowEmptyShould(true)
                .check(LIBRARY);
    }

    @Test
    void noGuavaOrJacksonTypeIsInAPublicSignature() {
        NO_FOREIGN_TYPE_IN_A_PUBLIC_SIGNATURE.check(LIBRARY);
    }

    @Test
    void aForeignTypeInAPublicSignatureIsDetected() {
        assertReportsEveryMember(NO_FOREIGN_TYPE_IN_A_PUBLIC_SIGNATURE, KnownBadSignatures.class);
    }

    @Test
    void eachThirdPartyLibraryIsUsedInExactlyOnePackage() {
        Map<String, Set<String>> packagesByLibrary = new TreeMap<>();
        for (JavaClass user : LIBRARY) {
            for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
                JavaClass used = dependency.getTargetClass().getBaseComponentType();
                if (isThirdParty(used)) {
                    packagesByLibrary
                            .computeIfAbsent(libraryOf(used), library -> new TreeSet<>())
                            .add(user.getPackageName());
                }
            }
        }
        assertThat(packagesByLibrary)
                .allSatisfy((library, packages) ->
                        assertThat(packages).as("packages that use %s", library).hasSize(1));
    }

    @Test
    void onlySystemEnvironmentTouchesTimeThreadsAndChance() {
        ONLY_THE_ENVIRONMENT_TOUCH_TIME_THREADS_AND_CHANCE.check(LIBRARY);
    }

    /** Replicas have to spell names and numbers alike, whatever language and digits the host's default locale has. */
    @Test
    void nothingIsWrittenInTheDefaultLocale() {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .callMethod(String.class, "toLowerCase")
                .orShould()
                .callMethod(String.class, "toUpperCase")
                .check(LIBRARY);
    }

    @Test
    void aDirectUseOfTimeThreadsOrChanceIsDetected() throws ClassNotFoundException {
        Class<?> knownBad = Class.forName("dev.kbmigrator.internal.KnownBadEnvironment");
        assertReportsEveryMember(ONLY_THE_ENVIRONMENT_TOUCH_TIME_THREADS_AND_CHANCE, knownBad);
    }

    private static void assertReportsEveryMember(ArchRule rule, Class<?> knownBad) {
        JavaClasses imported = new ClassFileImporter().importClasses(knownBad);
        String report =
                rule.evaluate(imported).getFailureReport().getDetails().stream().collect(joining("\n"));
        Set<String> members = new TreeSet<>();
        imported.get(knownBad).getMembers().stream()
                .filter(member -> !member.getFullName().endsWith("KnownBadEnvironment.<init>()"))
                .forEach(member -> members.add(member.getFullName()));
        assertThat(members).isNotEmpty().allSatisfy(member -> assertThat(report).contains("<" + member + ">"));
    }

    private static boolean isThirdParty(JavaClass used) {
        return !used.isPrimitive()
                && !resideInAnyPackage(
                                ROOT + "..",
                                "java..",
                                "javax.sql..",
                                "com.google.common..",
                                "com.fasterxml.jackson..",
                                "org.slf4j..",
                                "org.jspecify.annotations..",
                                "com.google.errorprone.annotations..")
                        .test(used);
    }

    /** The jar that holds the class; of one that is not on the class path, the start of its package. */
    private static String libraryOf(JavaClass used) {
        return used.getSource()
                .map(source -> jarOf(source.getUri()))
                .orElseGet(() -> Arrays.stream(used.getPackageName().split("\\."))
                        .limit(3)
                        .collect(joining(".")));
    }

    private static String jarOf(URI source) {
        return source.toString().replaceFirst("!/.*$", "").replaceFirst("^.*/", "");
    }
}
