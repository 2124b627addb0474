package dev.kbmigrator.fleet;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** As much of a server's protocol as it takes to lose the answer to a COMMIT and nothing else. */
enum Wire {
    /** The answer says what it is to: CommandComplete, its length, its tag. The request may be a number only. */
    POSTGRESQL(null, message("C\0\0\0\u000bCOMMIT\0")),
    /** The answer to everything is OK; the request is a text. */
    MARIADB(message("\u0003COMMIT"), null);

    private final byte @Nullable [] request;
    private final byte @Nullable [] answer;

    Wire(byte @Nullable [] request, byte @Nullable [] answer) {
        this.request = request;
        this.answer = answer;
    }

    private static byte[] message(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Whether the client asks for a COMMIT, as far as the requests tell. */
    boolean asksForCommit(byte[] bytes, int length) {
        return request != null && contains(bytes, length, request);
    }

    /** Whether the server answers a COMMIT, given what was asked. */
    boolean answersCommit(byte[] bytes, int length, boolean asked) {
        return answer == null ? asked : contains(bytes, length, answer);
    }

    private static boolean contains(byte[] bytes, int length, byte[] part) {
        for (int start = 0; start + part.length <= length; start++) {
            int same = 0;
            while (same < part.length && bytes[start + same] == part[same]) {
                same++;
            }
            if (same == part.length) {
                return true;
            }
        }
        return false;
    }
}
