package dev.kbmigrator.lincheck;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Model checks a class of operations over a shared part of the library: Lincheck makes up small concurrent scenarios of them
 * and goes through the interleavings of each. Every result must be one that some sequential order of the operations would
 * give, and the class's own validation, if it has one, must hold at the end. The scenarios are the same in every run.
 */
public final class Interleavings {

    private static final int SCENARIOS = 3;
    private static final int INTERLEAVINGS_OF_EACH = 15;
    private static final int OLDEST_JDK = 17;
    private static final int NEWEST_JDK = 24;

    /** No loop of the parts is longer, unless it never ends. */
    private static final int LOOP_BOUND = 2_000;

    /** What each thread uses for itself; to follow it would take most of the time. */
    private static final List<String> NOT_SHARED =
            List.of("java.util.stream.", "java.time.", "com.fasterxml.jackson.", "org.slf4j.", "ch.qos.logback.");

    static {
        // Lincheck warns, by a logger of its own, of each field of a record: it may not ask for its place in memory
        System.setProperty("lincheck.logLevel", "ERROR");
    }

    private final List<String> takenForGranted;
    private final int interleavings;

    private Interleavings(List<String> takenForGranted, int interleavings) {
        this.takenForGranted = takenForGranted;
        this.interleavings = interleavings;
    }

    /** Of everything that an operation uses. */
    public static Interleavings ofEverything() {
        return new Interleavings(List.of(), INTERLEAVINGS_OF_EACH);
    }

    /** Takes what these classes do for one step: it is not shared, or has a check of its own. */
    public static Interleavings takingForGranted(Class<?>... classes) {
        return new Interleavings(Arrays.stream(classes).map(Class::getName).toList(), INTERLEAVINGS_OF_EACH);
    }

    /** So many of each scenario. */
    public Interleavings ofEach(int number) {
        return new Interleavings(takenForGranted, number);
    }

    /** All that were tried are fine. */
    public void areFine(Class<?> operations) {
        assumeThatTheToolWorksHere();
        options().check(operations);
    }

    /** One is found that is not, once a class has lost its guards: the check would notice. */
    public void areNotAllFineWithoutTheGuardsOf(Class<?> part, Class<?> operations) {
        assumeThatTheToolWorksHere();
        Class<?> broken = UnguardedClasses.counterpartOf(operations, part);
        assertThatThrownBy(() -> options().check(broken))
                .as("%s without the guards of %s", operations.getSimpleName(), part.getSimpleName())
                .isInstanceOf(LincheckAssertionError.class)
                // And not that the broken class could not be run at all
                .hasMessageMatching("(?s)\\s*= (Invalid execution results|Validation function .* has failed) =.*");
    }

    private ModelCheckingOptions options() {
        return new ModelCheckingOptions()
                .iterations(SCENARIOS)
                .invocationsPerIteration(interleavings)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(1)
                .minimizeFailedScenario(false)
                .loopBound(LOOP_BOUND)
                .loopIterationsBeforeThreadSwitch(LOOP_BOUND)
                .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(this::isTakenForGranted)
                        .allMethods()
                        .ignore());
    }

    private boolean isTakenForGranted(String className) {
        // The counterparts without guards have a prefix before their names
        return NOT_SHARED.stream().anyMatch(className::startsWith)
                || takenForGranted.stream().anyMatch(className::endsWith);
    }

    private static void assumeThatTheToolWorksHere() {
        int jdk = Runtime.version().feature();
        assumeTrue(
                jdk >= OLDEST_JDK && jdk <= NEWEST_JDK,
                "Lincheck 3.7 takes known-bad classes for good on JDK 25, so that a pass there would say nothing; this is JDK "
                        + jdk);
    }
}
