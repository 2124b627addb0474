/** Real databases, started from Maven artifacts, for the tests. */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.databases;
