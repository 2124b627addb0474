package dev.kbmigrator.internal.support;

import com.google.common.base.Utf8;
import dev.kbmigrator.InvalidKbIdException;
import org.jspecify.annotations.Nullable;

/** The rules for KB ids. */
public final class KbIds {

    private static final int MAX_BYTES = 255;
    private static final int SHOWN = 60;

    private KbIds() {}

    /** Returns what is wrong with an id; null when nothing is. */
    public static @Nullable String problemWith(@Nullable String kbId) {
        if (kbId == null) {
            return "a KB id is null";
        }
        String shown = "the KB id \"" + ShortText.shown(kbId, SHOWN) + "\"";
        if (kbId.isBlank()) {
            return shown + " is blank";
        }
        if (kbId.indexOf('\0') >= 0) {
            return shown + " contains a NUL";
        }
        int bytes;
        try {
            bytes = Utf8.encodedLength(kbId);
        } catch (IllegalArgumentException e) {
            return shown + " contains a lone surrogate";
        }
        return bytes > MAX_BYTES ? shown + " has " + bytes + " UTF-8 bytes" : null;
    }

    /** Returns the id if it is valid, and throws otherwise. */
    public static String check(@Nullable String kbId) {
        String problem = problemWith(kbId);
        if (kbId == null || problem != null) {
            throw new InvalidKbIdException(problem + ". Expected: not blank, at most " + MAX_BYTES
                    + " UTF-8 bytes, no NUL, no lone surrogate");
        }
        return kbId;
    }
}
