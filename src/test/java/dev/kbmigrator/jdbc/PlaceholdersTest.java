package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The question marks of a list. */
class PlaceholdersTest {

    /** A driver and a server then see few different statements. */
    @Test
    void aListIsPaddedToTheNextPowerOfTwo() {
        assertThat(IntStream.rangeClosed(1, 9).map(Placeholders::padded)).containsExactly(1, 2, 4, 4, 8, 8, 8, 8, 16);
    }
}
