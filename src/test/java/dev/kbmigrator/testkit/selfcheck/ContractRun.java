package dev.kbmigrator.testkit.selfcheck;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * One run of a contract inside a test.
 *
 * @param succeeded the tests that succeeded
 * @param failed what the tests that failed said
 * @param aborted why tests were skipped
 */
record ContractRun(Set<String> succeeded, Map<String, String> failed, Map<String, String> aborted) {

    /** Runs all tests of a class. */
    static ContractRun of(Class<?> testClass) {
        return of(selectClass(testClass));
    }

    /** Runs one test of a class. */
    static ContractRun of(Class<?> testClass, String method) {
        return of(selectMethod(testClass, method));
    }

    private static ContractRun of(DiscoverySelector selector) {
        ContractRun run = new ContractRun(new TreeSet<>(), new TreeMap<>(), new TreeMap<>());
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request().selectors(selector).build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String name = test.getDisplayName().replace("()", "");
                String why = result.getThrowable().map(Throwable::toString).orElse("no reason");
                if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                    run.failed.put(name, why);
                } else if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
                    run.aborted.put(name, why);
                } else if (test.isTest()) {
                    run.succeeded.add(name);
                }
            }
        });
        return run;
    }
}
