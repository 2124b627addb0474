package dev.kbmigrator.spi;

import java.sql.Connection;

/**
 * Lets a KB be enrolled in a transaction of the host. A {@link StateStore} over a relational database may implement it as
 * well. Implementations are safe for use by many threads.
 */
public interface HostTransactionSupport {

    /**
     * Enrols a KB in the transaction that is open on one of the host's connections. This method never runs DDL, never commits
     * or rolls back, and leaves the connection's settings as they are.
     *
     * @param connection the host's connection, with auto-commit off, to the database that holds the state
     * @param kbId the KB
     * @param version the version that the KB starts at, at least 0
     * @return true if this call enrolled the KB; false if it was enrolled already
     * @throws StateStoreException if the library's tables do not exist yet, or the database fails
     */
    boolean enroll(Connection connection, String kbId, long version);

    /**
     * Checks that the tables that {@link #enroll(Connection, String, long)} needs exist. Call this method before the
     * host's transaction changes anything.
     *
     * @param connection the host's connection
     * @throws StateStoreException if the library's tables do not exist yet, with what to do, or the database fails
     */
    void checkReady(Connection connection);
}
