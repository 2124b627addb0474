package dev.kbmigrator.jdbc;

/** The question marks of a statement that takes a list. */
final class Placeholders {

    private Placeholders() {}

    /** For a list of single values: {@code ?, ?, ?}. */
    static String list(int size) {
        return "?, ".repeat(size - 1) + "?";
    }

    /** For a list of pairs: {@code (?, ?), (?, ?)}. */
    static String pairs(int size) {
        return "(?, ?), ".repeat(size - 1) + "(?, ?)";
    }

    /**
     * The next power of two. A list is padded to this length by repeating its last element, so that a driver sees few
     * different statements.
     */
    static int padded(int length) {
        int highest = Integer.highestOneBit(length);
        return highest == length ? length : highest << 1;
    }
}
