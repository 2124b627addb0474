package dev.kbmigrator.internal.support;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/**
 * A step of a replica that has failed at each of its latest attempts, for people to read. Immutable.
 *
 * @param step what cannot be done, to follow "cannot"
 * @param error what the last attempt said, in one line
 * @param sinceMicros when the first of these attempts failed, by the store's clock
 * @param times how many attempts have failed since then
 */
public record Trouble(String step, String error, long sinceMicros, long times) {

    private static final int MAX_STEP_CHARACTERS = 100;
    private static final int MAX_ERROR_CHARACTERS = 500;

    public Trouble {
        step = ShortText.of(step, MAX_STEP_CHARACTERS);
        error = ShortText.of(error, MAX_ERROR_CHARACTERS);
    }

    /** Returns it as a replica reports it to the others. */
    public ObjectNode toJson() {
        return Json.object()
                .put("step", step)
                .put("error", error)
                .put("sinceMicros", sinceMicros)
                .put("times", times);
    }

    /** Reads what a replica has reported; empty when that is no trouble. */
    public static Optional<Trouble> read(JsonNode json) {
        if (!json.path("step").isTextual() || !json.path("times").canConvertToLong()) {
            return Optional.empty();
        }
        return Optional.of(new Trouble(
                json.path("step").asText(),
                json.path("error").asText(),
                json.path("sinceMicros").asLong(),
                json.path("times").asLong()));
    }

    @Override
    public String toString() {
        Instant since = Instant.EPOCH.plus(sinceMicros, ChronoUnit.MICROS);
        return "cannot " + step + ": " + times + " attempts in a row have failed since " + since
                + ", the last one with: " + error;
    }
}
