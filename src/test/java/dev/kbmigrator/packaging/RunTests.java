package dev.kbmigrator.packaging;

import java.nio.file.Path;
import java.util.Set;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs the tests in a directory of classes, in a JVM that has nothing of this project but this class. */
public final class RunTests {

    private RunTests() {}

    /** Prints what came of it, and ends with exit code 1 if a test failed. */
    public static void main(String[] args) {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        Launcher launcher = LauncherFactory.create();
        launcher.execute(
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(DiscoverySelectors.selectClasspathRoots(Set.of(Path.of(args[0]))))
                        .build(),
                summary);
        summary.getSummary()
                .getFailures()
                .forEach(failure -> System.out.println(
                        failure.getTestIdentifier().getDisplayName() + ": " + failure.getException()));
        System.out.println("succeeded=" + summary.getSummary().getTestsSucceededCount());
        System.out.println("failed=" + summary.getSummary().getTotalFailureCount());
        System.exit(summary.getSummary().getTotalFailureCount() == 0 ? 0 : 1);
    }
}
