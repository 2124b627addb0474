/**
 * The state and the lock in a relational database: PostgreSQL, MariaDB, MySQL, H2 or SQLite.
 *
 * <p>{@link dev.kbmigrator.jdbc.JdbcStorage} sets both. The store creates its own tables at the first look, or prints
 * them ({@link dev.kbmigrator.jdbc.JdbcStateStore#ddl()}) for those who may not run DDL.
 */
@NullMarked
package dev.kbmigrator.jdbc;

import org.jspecify.annotations.NullMarked;
