package dev.kbmigrator.spi;

import java.sql.Connection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets a KB be enrolled in a transaction of the host. A {@link StateStore} over a relational database may implement it as
 * well. Each method uses the given connection and no other, so that a host whose threads have taken all connections of a pool
 * does not wait for one more. Implementations are safe for use by many threads.
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

    /**
     * Reads a document in the host's transaction.
     *
     * @param connection the host's connection
     * @param name the document's name
     * @param locked whether to lock the document and read its newest revision; otherwise, the transaction's snapshot may be
     *     older. A lock is asked for only after a change was refused
     * @return the document, if there is one
     * @throws StateStoreException if the library's tables do not exist yet, or the database fails
     */
    Optional<Document> document(Connection connection, String name, boolean locked);

    /**
     * Changes a document in the host's transaction if its revision is the expected one. The change takes effect when the host
     * commits, and nobody else can change the document until then.
     *
     * @param connection the host's connection, with auto-commit off
     * @param name the document's name
     * @param expectedRevision the revision that must be stored; 0 if there must be no document
     * @param json the new text; null deletes the document
     * @return whether the document was changed
     * @throws StateStoreException if the library's tables do not exist yet, or the database fails
     */
    boolean compareAndSet(Connection connection, String name, long expectedRevision, @Nullable String json);
}
