package dev.kbmigrator.jdbc;

/**
 * A database that works with one row or one list of keys at a time. Adds the statements that insert a row unless it exists,
 * which each of these databases writes differently. Stateless.
 */
abstract class StandardDialect extends Dialect {

    /** Inserts or updates a replica's row, with the parameters of {@link SnapshotRows#bindReplica}. */
    abstract String putReplica();

    /** Inserts or updates a replica's report: its id and the report. */
    abstract String putReport();

    /** Inserts a KB unless it exists: its partition, its id, its incarnation and its version. */
    abstract String insertKb();

    /** Inserts a lock unless it exists: its name, the nonce of its owner, and its time to live in microseconds. */
    abstract String insertLock();
}
