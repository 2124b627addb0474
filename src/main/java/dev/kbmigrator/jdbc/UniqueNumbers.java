package dev.kbmigrator.jdbc;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The numbers that tell apart what has the same name: the incarnations of a KB, and the revisions of a document. A counter per
 * name would start again when the name is deleted, and one for all names would be a row that everybody waits for. A random
 * number of 63 bits needs neither.
 */
final class UniqueNumbers {

    private UniqueNumbers() {}

    /** A positive number that has not been used for any name, and will not be again. */
    static long next() {
        return ThreadLocalRandom.current().nextLong(Long.MAX_VALUE) + 1;
    }
}
