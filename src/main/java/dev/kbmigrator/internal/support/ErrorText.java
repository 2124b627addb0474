package dev.kbmigrator.internal.support;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Throwables;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.KbRecord;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An error that is safe to log, and the text that is recorded for it.
 *
 * @param error the error, or one that stands for it when its own methods throw
 * @param text its stack trace, shortened, without characters that some stores cannot keep
 */
public record ErrorText(Throwable error, String text) {

    /** Errors with more causes than this, and circular ones, are always printed anew. */
    private static final int MAX_COMPARED_CAUSES = 10;

    private static final int MAX_SUMMARY_CHARACTERS = 500;

    public static ErrorText of(Throwable error) {
        return of(error, null);
    }

    /** Likewise. An error that is no different from the previous one shares its text: many KBs fail in the same way. */
    public static ErrorText of(Throwable error, @Nullable ErrorText previous) {
        try {
            if (previous != null && isAlike(error, previous.error(), MAX_COMPARED_CAUSES)) {
                return new ErrorText(error, previous.text());
            }
            String text = ShortText.of(Throwables.getStackTraceAsString(error), KbRecord.MAX_ERROR_CHARACTERS);
            return new ErrorText(error, storable(text));
        } catch (RuntimeException | Error e) {
            return of(
                    new MigratorException(error.getClass().getName() + ", whose own methods throw when it is printed"));
        }
    }

    /** Returns the error, or one that stands for it when its own methods throw. */
    public static Throwable loggable(Throwable error) {
        return of(error).error();
    }

    /** Returns what an error says, in one line without control characters, shortened. */
    public static String summary(Throwable error) {
        try {
            String message = error instanceof MigratorException ? error.getMessage() : null;
            String text = String.valueOf(message == null ? error : message);
            return ShortText.of(storable(text).replaceAll("[\\p{Cntrl}\\s]+", " "), MAX_SUMMARY_CHARACTERS);
        } catch (RuntimeException | Error e) {
            return error.getClass().getName() + ", whose own methods throw when it is printed";
        }
    }

    /** Returns a text in which every database can keep each character: those beyond ASCII are escaped, and what is too long is cut. */
    public static String ascii(String text) {
        StringBuilder ascii = new StringBuilder();
        for (int i = 0; i < text.length() && ascii.length() < KbRecord.MAX_ERROR_CHARACTERS; i++) {
            char c = text.charAt(i);
            boolean isPlain = (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
            ascii.append(isPlain ? String.valueOf(c) : String.format(Locale.ROOT, "\\u%04x", (int) c));
        }
        if (ascii.length() > KbRecord.MAX_ERROR_CHARACTERS) {
            ascii.setLength(KbRecord.MAX_ERROR_CHARACTERS);
        }
        return ascii.toString();
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

    /** Replaces NULs and lone surrogates, which not every store can keep. */
    private static String storable(String text) {
        if (text.indexOf(0) < 0 && text.equals(new String(text.getBytes(UTF_8), UTF_8))) {
            // The usual case, and the quickest way to find out
            return text;
        }
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? 0xFFFD : point)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
