package dev.kbmigrator.spi;

import java.sql.Connection;

/** What a {@link StateStore} over a relational database can do besides: take part in a transaction of the host. */
public interface HostTransactionSupport {

    /**
     * Enrols a KB in the transaction that is open on a connection of the host's. Never runs DDL, never commits or rolls back,
     * and leaves the connection's settings as they are.
     *
     * @param connection the host's connection, with auto-commit off, to the database that holds the state
     * @param kbId the KB
     * @param version at least 0
     * @return whether it was enrolled by this call; false when it was enrolled already
     * @throws StateStoreException when the library's tables are not there yet, or the database fails
     */
    boolean enroll(Connection connection, String kbId, long version);

    /**
     * Makes sure, before the host's transaction is touched, that what {@link #enroll(Connection, String, long)} needs is
     * there.
     *
     * @param connection the host's connection
     * @throws StateStoreException when the library's tables are not there yet, with what to do
     */
    void checkReady(Connection connection);
}
