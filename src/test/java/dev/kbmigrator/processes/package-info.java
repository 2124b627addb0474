/**
 * Fleets of replicas, as threads and as processes of their own, on real databases: rolling deploys, replicas that are killed,
 * and chaos, which inflicts faults of every kind for minutes or hours. They use the library's public API and its SPI, and a checker that knows nothing of
 * the engine says whether a fleet did what it promises.
 */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.processes;
