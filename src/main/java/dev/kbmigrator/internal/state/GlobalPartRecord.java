package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.ShortText;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is on record of a version's global part: failures, the next attempt, the checkpoint, and whether it is done.
 *
 * @param done whether the part is done
 * @param failures how many attempts have failed
 * @param error the text of the last failure; empty when there was none
 * @param failedMicros when it last failed, by the store's clock; 0 when it never did
 * @param dueMicros when the next attempt is due, likewise
 * @param checkpoint the checkpoint's JSON text; null when there is none
 */
public record GlobalPartRecord(
        boolean done,
        int failures,
        String error,
        long failedMicros,
        long dueMicros,
        @Nullable String checkpoint) {

    private static final String PREFIX = "global/";

    /**
     * A failure that keeps the fleet from going on.
     *
     * @param migration whose global part has failed
     * @param record what is on record of it
     */
    public record Failure(MigrationInfo migration, GlobalPartRecord record) {

        @Override
        public String toString() {
            return migration + " has failed " + record.failures() + " times, the last time with "
                    + ShortText.firstLine(record.error());
        }
    }

    /** Returns the name of the document. */
    public static String documentOf(long version) {
        return DocumentUpdate.nameOf(PREFIX, version);
    }

    /** Reads the record of a version's global part. */
    public static GlobalPartRecord read(DocumentUpdate documents, long version) {
        ObjectNode json = documents.read(documentOf(version));
        return new GlobalPartRecord(
                json.path("done").asBoolean(),
                json.path("failures").asInt(),
                json.path("error").asText(),
                json.path("failedMicros").asLong(),
                json.path("dueMicros").asLong(),
                json.hasNonNull("checkpoint") ? json.get("checkpoint").asText() : null);
    }

    /** Returns the failure of the global part that comes next; empty when it is not its turn yet, or it has not failed. */
    public static Optional<Failure> standingFailure(DocumentUpdate documents, FleetView view) {
        long version = view.stageEnd();
        MigrationInfo info = view.state().plan().at(version);
        if (version <= view.state().current() || info == null || !info.globalPart() || !view.allKbsReached(version)) {
            return Optional.empty();
        }
        GlobalPartRecord record = read(documents, version);
        return record.failures > 0 && !record.done ? Optional.of(new Failure(info, record)) : Optional.empty();
    }

    /** Writes that the part is done. */
    public static void done(ObjectNode json, String replicaId, String build, long storeMicros) {
        json.put("done", true).put("instance", replicaId).put("build", build).put("finishedMicros", storeMicros);
    }

    /** Writes that an attempt has failed, and when the next one is due. */
    public static void failed(ObjectNode json, int failures, String error, long storeMicros, Duration retryAfter) {
        json.put("failures", failures)
                .put("error", error)
                .put("failedMicros", storeMicros)
                .put("dueMicros", storeMicros + TimeUnit.NANOSECONDS.toMicros(retryAfter.toNanos()));
    }

    /** Writes a checkpoint. */
    public static void checkpointed(ObjectNode json, String checkpoint) {
        json.put("checkpoint", checkpoint);
    }
}
