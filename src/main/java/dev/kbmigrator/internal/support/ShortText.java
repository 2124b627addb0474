package dev.kbmigrator.internal.support;

/** Limits the length of texts from outside. */
public final class ShortText {

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
}
