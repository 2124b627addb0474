/**
 * What a host implements to bring its own database and its own lock service: {@link dev.kbmigrator.spi.StateStore} and
 * {@link dev.kbmigrator.spi.Lock}, with the values that they exchange with the engine.
 *
 * <p>The lock is for efficiency, the epoch is for correctness: no promise of the library rests on a lock, a timer or a
 * clock. Both contracts are executable, as abstract test classes in the test kit.
 */
@NullMarked
package dev.kbmigrator.spi;

import org.jspecify.annotations.NullMarked;
