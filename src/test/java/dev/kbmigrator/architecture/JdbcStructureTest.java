package dev.kbmigrator.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.kbmigrator.jdbc.JdbcStorage;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How the classes of the JDBC package depend on each other. */
class JdbcStructureTest {

    private static final String PACKAGE = JdbcStorage.class.getPackageName();

    private static final JavaClasses JDBC = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(PACKAGE);

    @Test
    void noClassDependsOnItselfThroughOthers() {
        assertThat(JDBC).hasSizeGreaterThan(30);
        assertThat(ClassCycles.find(JDBC, PACKAGE, Set.of())).isEmpty();
    }
}
