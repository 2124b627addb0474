/**
 * The interfaces that a host implements to bring its own database or its own lock service,
 * {@link dev.kbmigrator.spi.StateStore} and {@link dev.kbmigrator.spi.Lock}, and the values that they exchange with the engine.
 * The package may use the JDK and the root package's exceptions. It must never use the engine or an adapter, read a clock, or
 * keep state of its own.
 *
 * <p>The lock is for efficiency; the epoch is for correctness. No promise of the library rests on a lock, a timer or a clock.
 * Both contracts are executable: the test kit has them as abstract test classes.
 */
@NullMarked
package dev.kbmigrator.spi;

import org.jspecify.annotations.NullMarked;
