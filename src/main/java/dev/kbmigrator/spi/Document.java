package dev.kbmigrator.spi;

/**
 * A small named JSON text of the library, changed by compare-and-set: the plan and its target, history, control, requests.
 *
 * @param name the name, at most 200 ASCII characters; a slash separates its parts
 * @param revision at least 1; each change of the document raises it, and a document that was deleted and made anew may
 *     start at 1 again
 * @param json the text, as it was written
 */
public record Document(String name, long revision, String json) {

    /** The documents whose name starts with this are part of every {@link Snapshot}; there are few of them. */
    public static final String ANNOUNCED = "now/";

    /** The most that one document may hold, in UTF-8 bytes: 1 MiB. */
    public static final int MAX_BYTES = 1 << 20;
}
