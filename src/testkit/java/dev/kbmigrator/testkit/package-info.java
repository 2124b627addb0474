/**
 * Contract tests and helpers for those who implement the library's SPIs or write migrations.
 *
 * <p>{@link dev.kbmigrator.testkit.StateStoreContract} and {@link dev.kbmigrator.testkit.LockContract} are abstract test
 * classes: a subclass of a few lines runs them against a store or a lock of one's own. {@link
 * dev.kbmigrator.testkit.FaultyStateStore}, {@link dev.kbmigrator.testkit.FaultyLock}, {@link
 * dev.kbmigrator.testkit.AlwaysGrants} and {@link dev.kbmigrator.testkit.ManualTicker} show how a host's migrations bear
 * faults and time.
 *
 * <p>The kit is a jar of its own, with the classifier {@code testkit}. It needs the library, JUnit Jupiter and AssertJ; the
 * latter two are for the host to bring.
 */
@NullMarked
package dev.kbmigrator.testkit;

import org.jspecify.annotations.NullMarked;
