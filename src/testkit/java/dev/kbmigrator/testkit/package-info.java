/**
 * The contracts of the SPIs as executable tests, and helpers that test a host's migrations under faults and at chosen times.
 * The package may use the SPI, the JDK, JUnit Jupiter and AssertJ. It must never use the engine or an adapter, or reach into a
 * store or a lock other than through the methods of the SPI.
 *
 * <p>Do you implement an SPI? {@link dev.kbmigrator.testkit.StateStoreContract} and
 * {@link dev.kbmigrator.testkit.LockContract} are abstract test classes. A subclass of a few lines runs them against your own
 * store or lock.
 *
 * <p>Do you write migrations? {@link dev.kbmigrator.testkit.FaultyStateStore}, {@link dev.kbmigrator.testkit.FaultyLock},
 * {@link dev.kbmigrator.testkit.AlwaysGrants} and {@link dev.kbmigrator.testkit.ManualTicker} show how they behave when calls
 * fail and time passes.
 *
 * <p>The test kit is a separate jar with the classifier {@code testkit}. It needs the library, JUnit Jupiter and AssertJ; the
 * host provides the last two.
 */
@NullMarked
package dev.kbmigrator.testkit;

import org.jspecify.annotations.NullMarked;
