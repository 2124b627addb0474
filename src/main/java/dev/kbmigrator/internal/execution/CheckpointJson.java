package dev.kbmigrator.internal.execution;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.KbRecord;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Checkpoints as JSON. A value that could be written but never read would make every later attempt fail, so the first value of each
 * class is read back before it is saved, and the numbers and names of every value are checked against the limits of the reader. Safe for
 * use by many threads.
 */
final class CheckpointJson {

    private static final int MAX_SHOWN_CHARACTERS = 200;

    /** Whether a value of the class has been read back. */
    private static final ClassValue<AtomicBoolean> READABLE = new ClassValue<>() {
        @Override
        protected AtomicBoolean computeValue(Class<?> type) {
            return new AtomicBoolean();
        }
    };

    private CheckpointJson() {}

    /** Returns a checkpoint's text; throws if it cannot be written, could not be read again, or is too long. */
    static String write(@Nullable Object checkpoint, Object execution) {
        String json = text(checkpoint, execution);
        int bytes = json.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > KbRecord.MAX_CHECKPOINT_BYTES) {
            throw new CheckpointException("the checkpoint of " + execution + " has " + bytes
                    + " bytes as JSON; at most " + KbRecord.MAX_CHECKPOINT_BYTES
                    + " are kept: save how far you have got, not what you have found");
        }
        if (checkpoint != null) {
            readBack(json, checkpoint, execution);
        }
        return json;
    }

    private static String text(@Nullable Object checkpoint, Object execution) {
        try {
            return Json.wellFormed(Json.MAPPER.writeValueAsString(checkpoint));
        } catch (JsonProcessingException | RuntimeException e) {
            throw new CheckpointException(
                    "the checkpoint of " + execution + ", a " + nameOf(checkpoint)
                            + ", cannot be written as JSON: use a text, a number, or a record of such values. "
                            + e.getMessage(),
                    e);
        }
    }

    private static void readBack(String json, Object checkpoint, Object execution) {
        Class<?> type = typeOf(checkpoint);
        AtomicBoolean readable = READABLE.get(type);
        try {
            if (!readable.get()) {
                Json.MAPPER.readValue(json, type);
                readable.set(true);
            }
            parse(json);
        } catch (IOException | RuntimeException e) {
            throw new CheckpointException(
                    "the checkpoint of " + execution + ", a " + nameOf(checkpoint)
                            + ", was not saved, because no attempt could read it: it was written as "
                            + ShortText.of(json, MAX_SHOWN_CHARACTERS)
                            + ". Use a text, a number, or a record of such values. " + e.getMessage(),
                    e);
        }
    }

    /** Reads it without making anything of it: that is enough to find what exceeds a limit of the reader. */
    private static void parse(String json) throws IOException {
        try (JsonParser parser = Json.MAPPER.createParser(json)) {
            while (parser.nextToken() != null) {
                // Only an exception is of interest
            }
        }
    }

    /**
     * Returns the type that the value is read back as: its class, or, where nobody outside can name that class, what it is known as. A
     * map or a collection of the JDK's is read as a map or a collection, because that is how a migration would read it.
     */
    private static Class<?> typeOf(Object checkpoint) {
        Class<?> type = checkpoint.getClass();
        if (checkpoint instanceof Enum<?> constant) {
            return constant.getDeclaringClass();
        }
        if (!Modifier.isPublic(type.getModifiers()) || type.getClassLoader() == null) {
            if (checkpoint instanceof Map) {
                return Map.class;
            }
            if (checkpoint instanceof Collection) {
                return Collection.class;
            }
        }
        return nameable(type);
    }

    /** Returns the class, or, for one that the JDK hides, the first supertype that it does not hide. */
    private static Class<?> nameable(Class<?> type) {
        boolean hidden = type.getClassLoader() == null
                && !type.isArray()
                && !(Modifier.isPublic(type.getModifiers()) && type.getModule().isExported(type.getPackageName()));
        Class<?> parent = type.getSuperclass();
        if (!hidden || parent == null) {
            return type;
        }
        boolean hasInterface = parent == Object.class && type.getInterfaces().length > 0;
        return hasInterface ? type.getInterfaces()[0] : nameable(parent);
    }

    /** Returns a stored checkpoint as the type that the migration asks for. */
    static <T> Optional<T> read(String json, Class<T> type, Object execution) {
        try {
            return Optional.ofNullable(Json.MAPPER.readValue(json, type));
        } catch (JsonProcessingException | RuntimeException e) {
            throw new CheckpointException(
                    "the checkpoint of " + execution + " cannot be read as " + type.getName() + ". It was written as "
                            + ShortText.of(json, MAX_SHOWN_CHARACTERS)
                            + ". Read checkpoints with a type that still fits what earlier builds wrote. "
                            + e.getMessage(),
                    e);
        }
    }

    private static String nameOf(@Nullable Object checkpoint) {
        return checkpoint == null ? "null" : checkpoint.getClass().getName();
    }
}
