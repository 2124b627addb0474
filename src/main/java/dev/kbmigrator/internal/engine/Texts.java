package dev.kbmigrator.internal.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.KbRecord;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Texts from outside, bounded. */
final class Texts {

    /** Errors that have more causes below them are printed each for itself, and so are those that go in a circle. */
    private static final int DEEPEST_COMPARED = 10;

    private Texts() {}

    /** The text, or its start and an ellipsis; no surrogate pair is cut in two. */
    static String shorten(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = most - 1;
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + "…";
    }

    /**
     * An error, or one that stands for it when its own methods throw: whatever logs or shows it is safe then. And what is recorded
     * of it: its stack trace, cut, without what no store keeps.
     */
    record Printed(Throwable error, String text) {}

    static Printed print(Throwable error) {
        return print(error, null);
    }

    /** The same; one that is no different from that which was printed before shares its text: many KBs fail in the same way. */
    static Printed print(Throwable error, @Nullable Printed before) {
        try {
            if (before != null && isAlike(error, before.error(), DEEPEST_COMPARED)) {
                return new Printed(error, before.text());
            }
            String text = shorten(Throwables.getStackTraceAsString(error), KbRecord.MAX_ERROR_CHARACTERS);
            return new Printed(error, storable(text));
        } catch (RuntimeException | Error e) {
            return print(
                    new MigratorException(error.getClass().getName() + ", which throws when it is asked what it says"));
        }
    }

    private static boolean isAlike(@Nullable Throwable one, @Nullable Throwable other, int depth) {
        if (one == null || other == null) {
            return one == other;
        }
        return depth > 0
                && one.toString().equals(other.toString())
                && Arrays.equals(one.getStackTrace(), other.getStackTrace())
                && one.getSuppressed().length == 0
                && other.getSuppressed().length == 0
                && isAlike(one.getCause(), other.getCause(), depth - 1);
    }

    static Throwable printable(Throwable error) {
        return print(error).error();
    }

    /** JSON with each lone surrogate written as an escape: no encoding keeps it as it is, and it means the same. */
    static String wellFormedJson(String json) {
        StringBuilder escaped = new StringBuilder(json.length());
        json.codePoints().forEach(point -> {
            if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                escaped.append("\\u").append(Integer.toHexString(point).toUpperCase(Locale.ROOT));
            } else {
                escaped.appendCodePoint(point);
            }
        });
        return escaped.toString();
    }

    /** Without NULs and lone surrogates, which not every store keeps. */
    private static String storable(String text) {
        if (text.indexOf(0) < 0 && text.equals(new String(text.getBytes(UTF_8), UTF_8))) {
            // Mostly, and so this is the quick way to find out
            return text;
        }
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? 0xFFFD : point)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
