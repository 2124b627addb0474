/**
 * The rules that hold the code base together: who may use whom, which calls are banned, and how the tests are named. Each rule
 * has a class that breaks it on purpose, or was seen to fail on one.
 */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.architecture;
