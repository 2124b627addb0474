package dev.kbmigrator.example.archive;

import java.util.regex.Pattern;

/** How a file compares with the digest that was published beside it. */
public enum Verdict {
    /** It is what was published. */
    VERIFIED,
    /** It is something else. */
    MISMATCHED,
    /** There is no digest beside it. */
    WITHOUT_DIGEST,
    /** It is a digest itself, or a note that Maven made: nobody publishes a digest of it. */
    NOT_PUBLISHED;

    private static final Pattern NOTES = Pattern.compile(
            ".*\\.(sha1|sha256|sha512|md5|lastUpdated|tmp|lock|part)|_.*|maven-metadata-.*|resolver-status\\.properties");

    /** Whether a file is one of those that have no digest, by its name. */
    static boolean isNote(String name) {
        return NOTES.matcher(name).matches();
    }
}
