package dev.kbmigrator.processes;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** As much of a server's protocol as it takes to lose the answer to a COMMIT and nothing else. */
enum CommitProtocol {
    /** The answer says what it is to: CommandComplete, its length, its tag. The request may be a number only. */
    POSTGRESQL(null, "C\0\0\0\u000bCOMMIT\0"),
    /** The answer to everything is OK; the request is a text. */
    MARIADB("\u0003COMMIT", null);

    private final @Nullable String request;
    private final @Nullable String answer;

    CommitProtocol(@Nullable String request, @Nullable String answer) {
        this.request = request;
        this.answer = answer;
    }

    /** Whether the client asks for a COMMIT, as far as the requests tell. */
    boolean asksForCommit(byte[] bytes, int length) {
        return request != null && text(bytes, length).contains(request);
    }

    /** Whether the server answers a COMMIT, given what was asked. */
    boolean answersCommit(byte[] bytes, int length, boolean asked) {
        return answer == null ? asked : text(bytes, length).contains(answer);
    }

    private static String text(byte[] bytes, int length) {
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
