package dev.kbmigrator.spi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The 256 fixed partitions of KB ids. A partition is the unit of locking and fencing. Safe for use by many threads.
 *
 * <p>The partition of a KB is the first byte of the MD5 hash of its id's UTF-8 bytes. MD5 was chosen because every database
 * can compute it and its values are spread evenly. Nothing depends on its cryptographic strength.
 */
public final class Partitions {

    /** The number of partitions: 256, forever. */
    public static final int COUNT = 256;

    private static final Set<Integer> ALL = IntStream.range(0, COUNT).boxed().collect(Collectors.toUnmodifiableSet());

    private static final ThreadLocal<MessageDigest> MD5 = ThreadLocal.withInitial(Partitions::newMd5);

    private Partitions() {}

    /**
     * Returns the partition of a KB.
     *
     * @param kbId the KB's id
     * @return a number from 0 to 255
     */
    public static int of(String kbId) {
        return MD5.get().digest(kbId.getBytes(StandardCharsets.UTF_8))[0] & 0xFF;
    }

    /**
     * Returns every partition.
     *
     * @return the numbers from 0 to 255, unmodifiable
     */
    public static Set<Integer> all() {
        return ALL;
    }

    private static MessageDigest newMd5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform provides MD5", e);
        }
    }
}
