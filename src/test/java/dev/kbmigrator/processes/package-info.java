/** Fleets of replicas, as threads and as processes of their own, on real databases. */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.processes;
