/**
 * The behaviour of replicas, shown through the public API: each test runs one or more migrators of this JVM over the store and
 * the lock in memory. Nothing here uses the library's internals or a database.
 */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.behaviour;
