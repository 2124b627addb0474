package dev.kbmigrator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.kbmigrator.architecture.ClassCycles.FactoryAndKind;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The rule against cycles reports a known one, and no other. */
class ClassCyclesTest {

    private static final String PACKAGE = KnownBadFactory.class.getPackageName();

    private static final JavaClasses KNOWN_BAD =
            new ClassFileImporter().importClasses(KnownBadFactory.class, KnownBadKind.class, KnownBadKind.Nested.class);

    @Test
    void aCycleThroughANestedClassIsReportedWithADependencyEachWay() {
        assertThat(ClassCycles.find(KNOWN_BAD, PACKAGE, Set.of()))
                .singleElement()
                .asString()
                .contains(
                        "cycle of 2 classes: KnownBadFactory, KnownBadKind\n",
                        "KnownBadFactory -> KnownBadKind: ",
                        "KnownBadKind -> KnownBadFactory: ",
                        "KnownBadKind.java:");
    }

    @Test
    void anAllowedFactoryMayDependOnItsKind() {
        FactoryAndKind pair = new FactoryAndKind(KnownBadFactory.class.getName(), KnownBadKind.class.getName());
        assertThat(ClassCycles.find(KNOWN_BAD, PACKAGE, Set.of(pair))).isEmpty();
    }

    @Test
    void anExceptionThatIsNotNeededIsReported() {
        FactoryAndKind pair = new FactoryAndKind(KnownBadFactory.class.getName(), "no.such.Kind");
        assertThat(ClassCycles.find(KNOWN_BAD, PACKAGE, Set.of(pair)))
                .hasSize(2)
                .first()
                .asString()
                .contains("not needed", "no.such.Kind");
    }

    @Test
    void anotherPackageDoesNotCount() {
        assertThat(ClassCycles.find(KNOWN_BAD, PACKAGE + ".other", Set.of())).isEmpty();
        assertThat(ClassCycles.find(KNOWN_BAD, PACKAGE.substring(0, PACKAGE.length() - 1), Set.of()))
                .isEmpty();
    }
}
