package dev.kbmigrator.spi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The 256 fixed buckets of KB ids, the unit of locking and fencing.
 *
 * <p>The partition of a KB is the first byte of the MD5 of its id's UTF-8 bytes, which any store can compute. MD5 serves
 * as a well-known, evenly spread function here; nothing rests on its strength.
 */
public final class Partitions {

    /** How many partitions there are: 256, for ever. */
    public static final int COUNT = 256;

    private static final Set<Integer> ALL = IntStream.range(0, COUNT).boxed().collect(Collectors.toUnmodifiableSet());

    private static final ThreadLocal<MessageDigest> MD5 = ThreadLocal.withInitial(Partitions::newMd5);

    private Partitions() {}

    /**
     * The partition of a KB.
     *
     * @param kbId the KB's id
     * @return a number from 0 to 255
     */
    public static int of(String kbId) {
        return MD5.get().digest(kbId.getBytes(StandardCharsets.UTF_8))[0] & 0xFF;
    }

    /**
     * Every partition.
     *
     * @return the numbers 0 to 255
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
