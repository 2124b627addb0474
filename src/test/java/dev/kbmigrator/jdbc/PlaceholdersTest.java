package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The question marks of a list. */
class PlaceholdersTest {

    /** So that a driver, and a server, see few different statements. */
    @Test
    void aListIsAsLongAsTheNextPowerOfTwo() {
        assertThat(IntStream.rangeClosed(1, 9).map(Placeholders::padded)).containsExactly(1, 2, 4, 4, 8, 8, 8, 8, 16);
    }
}
