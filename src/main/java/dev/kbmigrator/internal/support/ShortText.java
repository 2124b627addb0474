package dev.kbmigrator.internal.support;

import java.util.Collection;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/** Texts from outside: limits their length, and makes them safe to show within a sentence. */
public final class ShortText {

    /** The most characters of a reason that an operator gives. */
    public static final int REASON = 2_000;

    /** The most characters that a sentence shows of an error. */
    public static final int ERROR = 1_000;

    /** The most characters that a sentence shows of a name or an id. */
    private static final int NAME = 200;

    private ShortText() {}

    /** Returns the text, or its start and an ellipsis. No surrogate pair is cut in two. */
    public static String of(String text, int maxLength) {
        if (text.length() <= maxLength) {
            return text;
        }
        int end = maxLength - 1;
        if (Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end) + "…";
    }

    /** Returns a name or an id as a sentence shows it: escaped, and at most 200 characters. */
    public static String shown(String text) {
        return shown(text, NAME);
    }

    /**
     * Returns a text as a sentence or a log line shows it: on one line, with an escape for each character that does not print or that
     * changes the direction or the colour of what follows. If the escaped text is too long, it ends in an ellipsis; no escape is cut.
     * A backslash is escaped too, so that different texts never look alike.
     */
    public static String shown(String text, int maxLength) {
        StringBuilder shown = new StringBuilder(Math.min(text.length(), maxLength));
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            i += Character.charCount(point);
            String piece = point == '\\' ? "\\\\" : isPrintable(point) ? Character.toString(point) : escaped(point);
            int room = i < text.length() ? maxLength - 1 : maxLength;
            if (shown.length() + piece.length() > room) {
                return shown.append('…').toString();
            }
            shown.append(piece);
        }
        return shown.toString();
    }

    /**
     * Returns an operator's reason as it is stored: at most 2,000 characters of it.
     *
     * @throws NullPointerException if it is null
     * @throws IllegalArgumentException if it has characters that some stores cannot keep
     */
    public static String reason(String reason) {
        if (!isStorable(Objects.requireNonNull(reason, "reason"))) {
            throw new IllegalArgumentException("the reason contains a NUL or a lone surrogate: " + shown(reason));
        }
        return of(reason, REASON);
    }

    /** Returns whether every store can keep a text: it has no NUL and no lone surrogate. */
    public static boolean isStorable(String text) {
        return text.codePoints().noneMatch(point -> point == 0 || Character.getType(point) == Character.SURROGATE);
    }

    /** Returns the first line of an error's text as a sentence shows it. */
    public static String firstLine(String error) {
        return shown(error.lines().findFirst().orElse(""), ERROR);
    }

    /** Returns some names or ids as a sentence shows them. */
    public static String list(Collection<String> texts) {
        return texts.stream().map(ShortText::shown).collect(Collectors.joining(", "));
    }

    /** Returns whether a text has only characters that print, so that it is shown as it is. */
    public static boolean isPrintable(String text) {
        return text.codePoints().allMatch(ShortText::isPrintable);
    }

    private static boolean isPrintable(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    private static String escaped(int point) {
        return switch (point) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> {
                StringBuilder escape = new StringBuilder();
                for (char unit : Character.toChars(point)) {
                    escape.append(String.format(Locale.ROOT, "\\u%04X", (int) unit));
                }
                yield escape.toString();
            }
        };
    }
}
