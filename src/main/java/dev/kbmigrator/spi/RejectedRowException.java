package dev.kbmigrator.spi;

import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The store has rejected a batch because of some of its rows, and knows which. Nothing of the batch was written. The engine leaves
 * these KBs out and writes the others. A store that cannot name the rows throws a {@link StateStoreException} of the kind
 * {@link StateStoreException.Kind#DATA} instead. Immutable.
 */
public class RejectedRowException extends StateStoreException {

    private static final long serialVersionUID = 1L;

    private final transient Set<String> kbIds;

    /**
     * Creates an exception. The collection is copied.
     *
     * @param kbIds the KBs whose rows the store does not accept, at least one
     * @param message what was tried, what is wrong with the rows, and what to do
     * @param cause the driver's own exception, or null
     * @throws IllegalArgumentException if there is no KB
     */
    public RejectedRowException(Collection<String> kbIds, String message, @Nullable Throwable cause) {
        super(Kind.DATA, message, cause);
        if (kbIds.isEmpty()) {
            throw new IllegalArgumentException("an exception for rejected rows must name at least one KB");
        }
        this.kbIds = Set.copyOf(kbIds);
    }

    /**
     * Returns the KBs whose rows the store does not accept.
     *
     * @return their ids, at least one; null after deserialization
     */
    public Set<String> kbIds() {
        return kbIds;
    }
}
