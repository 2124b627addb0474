package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Strings;
import com.google.common.base.Utf8;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and changes the library's documents: the only compare-and-set loop of the engine. Safe for use by many threads.
 *
 * <ol>
 *   <li>Read the document and apply the change to what it says now.
 *   <li>Write it, on condition that its revision is still the one that was read and, if an epoch is given, that the epoch is still the
 *       newest of its scope.
 *   <li>If the write is refused, find out why. When somebody else has changed the document, start again.
 * </ol>
 */
public final class DocumentUpdate {

    /** What became of a change. */
    public enum Outcome {
        /** The document was changed. */
        CHANGED,
        /** The document says already what it should. */
        UNCHANGED,
        /** Somebody else has changed the document since it was read. */
        OUTDATED,
        /** The epoch is no longer the newest of its scope. */
        FENCED
    }

    private static final Logger LOG = LoggerFactory.getLogger(DocumentUpdate.class);
    private static final int MAX_ATTEMPTS = 20;

    /** The state has the plan, with some 80 bytes per migration; the other documents of a look have a few fields each. */
    private static final int MAX_STATE_BYTES = 48 * 1024;

    private static final int MAX_ANNOUNCED_BYTES = 5 * 1024;

    private final Function<String, Optional<Document>> reader;
    private final Writer writer;

    /** Changes a document if its revision is the expected one and the epoch, if there is one, is current. */
    public interface Writer {
        boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence);
    }

    /** Over a store. */
    public DocumentUpdate(StateStore store) {
        this(store::document, store::compareAndSet);
    }

    /** Over what reads and changes one document, such as a transaction of the host. */
    public DocumentUpdate(Function<String, Optional<Document>> reader, Writer writer) {
        this.reader = reader;
        this.writer = writer;
    }

    /** Returns the name of a document about one version; names sort by version. */
    public static String nameOf(String prefix, long version) {
        return prefix + Strings.padStart(Long.toString(version), 19, '0');
    }

    /** Reads a document; null when there is none. */
    public @Nullable Document find(String name) {
        return reader.apply(name).orElse(null);
    }

    /** Reads a document; an empty object when there is none. */
    public ObjectNode read(String name) {
        return content(find(name));
    }

    /** Changes a document in place, and keeps the fields that this build does not know. */
    public Outcome update(String name, @Nullable Epoch fence, Consumer<ObjectNode> change) {
        return replace(name, fence, before -> {
            ObjectNode json = content(before);
            change.accept(json);
            return Optional.of(json.toString());
        });
    }

    /** Likewise, but begins anew, with a warning, if the document is not JSON: for documents that can be rebuilt. */
    public Outcome rebuild(String name, @Nullable Epoch fence, Consumer<ObjectNode> change) {
        return replace(name, fence, before -> {
            ObjectNode json = before == null ? Json.object() : contentOrNew(before);
            change.accept(json);
            return Optional.of(json.toString());
        });
    }

    /** Returns what a document says that can be rebuilt: an empty object, with a warning, if it is not JSON. */
    public static ObjectNode contentOrNew(Document document) {
        return Json.tryRead(document).orElseGet(() -> {
            LOG.atWarn()
                    .addKeyValue("document", document.name())
                    .log("The document {} is damaged and is written anew", ShortText.shown(document.name()));
            return Json.object();
        });
    }

    /**
     * Replaces a document.
     *
     * @param change returns the new content for what is stored now (null: nothing is), or empty to leave it
     * @return {@link Outcome#CHANGED}, {@link Outcome#UNCHANGED} or {@link Outcome#FENCED}
     * @throws StateStoreException when others change the document again and again
     */
    public Outcome replace(String name, @Nullable Epoch fence, Function<@Nullable Document, Optional<String>> change) {
        for (int i = 0; i < MAX_ATTEMPTS; i++) {
            Document before = find(name);
            Optional<String> after = change.apply(before);
            if (after.isEmpty()) {
                return Outcome.UNCHANGED;
            }
            Outcome outcome = replaceOnce(name, revision(before), after.get(), fence);
            if (outcome != Outcome.OUTDATED) {
                return outcome;
            }
        }
        throw new StateStoreException("the document " + name + " was changed by others " + MAX_ATTEMPTS
                + " times in a row while it was to be changed here: try again");
    }

    /**
     * Replaces a document that was read before, or deletes it, unless it has changed since.
     *
     * @param expectedRevision the revision that was read; 0 when there was no document
     * @param json the new content; null deletes
     * @return {@link Outcome#CHANGED}, {@link Outcome#OUTDATED} or {@link Outcome#FENCED}
     * @throws StateStoreException if the content is larger than a document may be
     */
    public Outcome replaceOnce(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        checkSize(name, json);
        if (writer.compareAndSet(name, expectedRevision, json, fence)) {
            return Outcome.CHANGED;
        }
        // Where nobody has changed the document, it was the fence that refused
        return fence != null && revision(find(name)) == expectedRevision ? Outcome.FENCED : Outcome.OUTDATED;
    }

    /** Keeps what every look carries small: 64 KiB for all of it. */
    private static void checkSize(String name, @Nullable String json) {
        int limit = !name.startsWith(Document.ANNOUNCED)
                ? Document.MAX_BYTES
                : name.equals(FleetState.DOCUMENT) ? MAX_STATE_BYTES : MAX_ANNOUNCED_BYTES;
        int bytes = json == null ? 0 : Utf8.encodedLength(json);
        if (bytes > limit) {
            throw new StateStoreException(
                    "the document " + name + " would have " + bytes + " bytes, but may have at most " + limit
                            + (name.equals(FleetState.DOCUMENT)
                                    ? ": the plan has too many migrations; remove old ones after raising the baseline"
                                    : ""));
        }
    }

    private static ObjectNode content(@Nullable Document document) {
        return document == null ? Json.object() : Json.read(document);
    }

    private static long revision(@Nullable Document document) {
        return document == null ? 0 : document.revision();
    }
}
