package dev.kbmigrator.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rooms of {@code internal}: what each may use, and that nothing goes in circles. */
class RoomsTest {

    private static final String INTERNAL = "dev.kbmigrator.internal.";

    /** What each room may use, besides itself, the public API and the SPI. */
    private static final Map<String, Set<String>> ROOMS = Map.of(
            "engine",
                    Set.of(
                            "worker",
                            "coordinator",
                            "listing",
                            "execution",
                            "lease",
                            "look",
                            "config",
                            "state",
                            "support"),
            "worker", Set.of("listing", "execution", "lease", "look", "config", "state", "support"),
            "coordinator", Set.of("listing", "execution", "lease", "look", "config", "state", "support"),
            "listing", Set.of("look", "config", "state", "support"),
            "execution", Set.of("lease", "look", "config", "state", "support"),
            "lease", Set.of("config", "state", "support"),
            "look", Set.of("config", "state", "support"),
            "config", Set.of("state", "support"),
            "state", Set.of("support"),
            "support", Set.of());

    private static final List<String> WITHOUT_CYCLES = List.of(
            "dev.kbmigrator.internal",
            "dev.kbmigrator.jdbc",
            "dev.kbmigrator.memory",
            "dev.kbmigrator.shedlock",
            "dev.kbmigrator.zookeeper");

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.kbmigrator");

    private static Optional<String> roomOf(JavaClass type) {
        String name = type.getPackageName() + ".";
        return name.startsWith(INTERNAL)
                ? Optional.of(name.substring(INTERNAL.length(), name.indexOf('.', INTERNAL.length())))
                : Optional.empty();
    }

    private static ArchRule direction(String room) {
        Set<String> allowed = ROOMS.getOrDefault(room, Set.of());
        DescribedPredicate<JavaClass> forbidden = describe(
                "live in a room that " + room + " may not use",
                used -> roomOf(used)
                        .filter(other -> !other.equals(room) && !allowed.contains(other))
                        .isPresent());
        return noClasses()
                .that()
                .resideInAPackage(INTERNAL + room + "..")
                .should()
                .dependOnClassesThat(forbidden);
    }

    private static ArchRule onlyDocumentUpdateDoesInputAndOutputInState() {
        return noClasses()
                .that()
                .resideInAPackage(INTERNAL + "state..")
                .and()
                .doNotBelongToAnyOf(DocumentUpdate.class)
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(StateStore.class, Lock.class);
    }

    private static ArchRule onlyHostKbsCallsTheHostsList() {
        return classes()
                .that()
                .belongToAnyOf(KnowledgeBoxes.class)
                .should()
                .onlyBeAccessed()
                .byClassesThat(describe("is HostKbs", type -> type.isEquivalentTo(HostKbs.class)));
    }

    @TestFactory
    List<DynamicTest> aRoomUsesOnlyTheRoomsBelowIt() {
        return new TreeSet<>(ROOMS.keySet())
                .stream()
                        .map(room -> DynamicTest.dynamicTest(
                                room, () -> direction(room).check(LIBRARY)))
                        .toList();
    }

    @Test
    void everyClassLivesInAKnownRoom() {
        for (JavaClass type : LIBRARY) {
            roomOf(type).ifPresent(room -> assertThat(ROOMS).as(type.getName()).containsKey(room));
        }
    }

    @TestFactory
    List<DynamicTest> noClassesFormACycle() {
        return WITHOUT_CYCLES.stream()
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> assertThat(ClassCycles.find(LIBRARY, name, Set.of()))
                                .isEmpty()))
                .toList();
    }

    @Test
    void onlyDocumentUpdateTouchesTheStoreInState() {
        onlyDocumentUpdateDoesInputAndOutputInState().check(LIBRARY);
    }

    @Test
    void onlyHostKbsCallsKnowledgeBoxes() {
        onlyHostKbsCallsTheHostsList().check(LIBRARY);
    }

    @Test
    void aRoomThatUsesARoomAboveItIsReported() throws ClassNotFoundException {
        assertReported(direction("state"), INTERNAL + "state.KnownBadRoom", "PartitionQueue");
    }

    @Test
    void stateThatTouchesTheStoreIsReported() throws ClassNotFoundException {
        assertReported(onlyDocumentUpdateDoesInputAndOutputInState(), INTERNAL + "state.KnownBadRoom", "StateStore");
    }

    @Test
    void aSecondCallerOfTheHostsListIsReported() throws ClassNotFoundException {
        assertReported(onlyHostKbsCallsTheHostsList(), INTERNAL + "state.KnownBadRoom", "KnownBadRoom");
    }

    private static void assertReported(ArchRule rule, String knownBad, String used) throws ClassNotFoundException {
        JavaClasses imported = new ClassFileImporter()
                .importClasses(Class.forName(knownBad), KnowledgeBoxes.class, HostKbs.class, StateStore.class);
        assertThat(rule.evaluate(imported).getFailureReport().getDetails())
                .anySatisfy(
                        detail -> assertThat(detail).contains("KnownBadRoom").contains(used));
    }
}
