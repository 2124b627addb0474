/**
 * A state store and a lock in memory: the reference implementations of the SPI, for tests, for demonstrations, and as the
 * shortest code that shows what an implementation must do. The package may use the SPI and the JDK. It must never use the
 * engine or another adapter, start a thread, or do I/O.
 */
@NullMarked
package dev.kbmigrator.memory;

import org.jspecify.annotations.NullMarked;
