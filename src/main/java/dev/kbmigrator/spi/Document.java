package dev.kbmigrator.spi;

/**
 * A small, named JSON text that the library keeps in the store: the plan and its target, the history, the control document, or
 * a request. Documents change only by compare-and-set. Immutable.
 *
 * @param name the name, at most 200 ASCII characters; a slash separates its parts
 * @param revision at least 1; every change gives the document another one. A revision is never used twice for the same name, not
 *     even after the document was deleted and created again. Revisions have no order: they can only be compared for equality
 * @param json the text, exactly as it was written
 */
public record Document(String name, long revision, String json) {

    /**
     * The prefix of the names of the few documents that every {@link Snapshot} contains. The library keeps them small: together
     * they have at most 64 KiB.
     */
    public static final String ANNOUNCED = "now/";

    /** The largest size of a document's text, in UTF-8 bytes: 1 MiB. */
    public static final int MAX_BYTES = 1 << 20;
}
