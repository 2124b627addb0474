package dev.kbmigrator.jdbc;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Removes passwords from texts that may contain a URL with one: a data source's name for itself, and drivers' messages. */
final class Secrets {

    private static final Pattern PARAMETER = Pattern.compile(
            "\\b(\\w*(?:password|passwd|pwd|secret|passphrase)\\w*\"?\\s*[=:]\\s*)(?:\"[^\"]*\"|'[^']*'|[^;&,\\s)}\\]\"']+)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern USER_INFO = Pattern.compile("(//[^/@:\\s]*:)[^@\\s]+(?=@)");
    private static final String MASK = "$1***";
    private static final int DEEPEST = 20;

    private Secrets() {}

    /** The text without passwords. */
    static String masked(@Nullable String text) {
        if (text == null) {
            return "null";
        }
        return USER_INFO.matcher(PARAMETER.matcher(text).replaceAll(MASK)).replaceAll(MASK);
    }

    /** The error; a copy without passwords if a message in its chain has one. */
    static SQLException masked(SQLException error) {
        boolean clean = true;
        int depth = 0;
        for (Throwable one = error; one != null && depth < DEEPEST; one = one.getCause(), depth++) {
            clean &= one.getMessage() == null || masked(one.getMessage()).equals(one.getMessage());
        }
        if (clean) {
            return error;
        }
        // Without the cause, whose message would pass the password on
        SQLException copy = new SQLException(masked(error.getMessage()), error.getSQLState(), error.getErrorCode());
        copy.setStackTrace(error.getStackTrace());
        return copy;
    }
}
