package dev.kbmigrator.internal.engine;

import com.google.common.base.Throwables;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Attempt;
import java.util.Locale;

/** Texts from outside, bounded. */
final class Texts {

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
        try {
            String text = storable(Throwables.getStackTraceAsString(error));
            return new Printed(error, shorten(text, Attempt.MAX_ERROR_CHARACTERS));
        } catch (RuntimeException | Error e) {
            return print(
                    new MigratorException(error.getClass().getName() + ", which throws when it is asked what it says"));
        }
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

    /** Without NULs and lone surrogates, which not every store keeps. Mostly there are none, and nothing is copied. */
    private static String storable(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == 0 || Character.isSurrogate(text.charAt(i))) {
                return replaced(text);
            }
        }
        return text;
    }

    private static String replaced(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? 0xFFFD : point)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
