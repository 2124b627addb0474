package dev.kbmigrator.internal.engine;

import com.google.common.base.Throwables;
import dev.kbmigrator.spi.Attempt;

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

    /** What is recorded of an error: its stack trace, cut, without what no store keeps. */
    static String ofError(Throwable error) {
        String trace;
        try {
            trace = Throwables.getStackTraceAsString(error);
        } catch (RuntimeException e) {
            // An exception of the host's whose own methods throw
            trace = error.getClass().getName();
        }
        return shorten(storable(trace), Attempt.MAX_ERROR_CHARACTERS);
    }

    /** Without NULs and lone surrogates, which not every store keeps. */
    private static String storable(String text) {
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? 0xFFFD : point)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
