package dev.kbmigrator.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says which rule a test checks, or all tests of an interface that do not say otherwise. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@interface Checks {

    /**
     * Returns the rule.
     *
     * @return the rule that is broken if the test fails
     */
    Rule value();
}
