package dev.kbmigrator.testkit;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Puts the rule that a test {@linkplain Checks checks} before the message of its failure. */
final class RuleInMessages implements TestExecutionExceptionHandler {

    /** Called by JUnit. */
    RuleInMessages() {}

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        Rule rule = ruleOf(context.getRequiredTestMethod());
        if (rule == null || failure instanceof TestAbortedException) {
            throw failure;
        }
        AssertionError named = failure instanceof AssertionError
                ? new AssertionError("Breaks " + rule + ".\n" + failure.getMessage(), failure)
                : new AssertionError("Failed in a test of " + rule + ".\n" + failure, failure);
        named.setStackTrace(failure.getStackTrace());
        throw named;
    }

    private static @Nullable Rule ruleOf(Method test) {
        Checks checks = test.getAnnotation(Checks.class);
        if (checks == null) {
            checks = test.getDeclaringClass().getAnnotation(Checks.class);
        }
        return checks == null ? null : checks.value();
    }
}
