package dev.kbmigrator.jdbc;

/** The question marks of a statement that takes a list. */
final class Placeholders {

    private Placeholders() {}

    /** {@code ?, ?, ?} for rows of one column, {@code (?, ?), (?, ?)} for rows of two. */
    static String rows(int rows, int columns) {
        String row = columns == 1 ? "?" : "(" + "?, ".repeat(columns - 1) + "?)";
        return (row + ", ").repeat(rows - 1) + row;
    }

    /**
     * How long a list is made, its last element repeated, so that a driver sees few different statements: the next power of
     * two.
     */
    static int padded(int length) {
        int highest = Integer.highestOneBit(length);
        return highest == length ? length : highest << 1;
    }
}
