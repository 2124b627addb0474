/**
 * The state and the lock in a relational database, and migrations that commit together with the state:
 * {@link dev.kbmigrator.jdbc.JdbcStorage} is the entry, the {@code Dialect} classes say how the databases differ, and the
 * {@code Sql} classes hold the statements. The package may use the SPI, the types that a migration sees, and JDBC through the
 * host's data source. It must never use the engine ({@code internal}) or a driver's classes, keep a connection between two
 * calls, or assemble a statement whose text does not stand whole in a dialect or a statement class.
 */
@NullMarked
package dev.kbmigrator.jdbc;

import org.jspecify.annotations.NullMarked;
