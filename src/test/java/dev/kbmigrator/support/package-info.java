/**
 * Helpers that several groups of tests share: a fleet in memory, real databases that are started from Maven artifacts, child
 * processes, and a look at what is logged. They use the library's public API and its SPI, and nothing of any other group.
 */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.support;
