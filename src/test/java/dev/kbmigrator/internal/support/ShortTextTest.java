package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShortTextTest {

    private static final String PAIR = "\uD83D\uDE00";

    @Test
    void aShortTextStaysAsItIs() {
        assertThat(ShortText.of("abcd", 4)).isEqualTo("abcd");
        assertThat(ShortText.of("", 4)).isEmpty();
    }

    @Test
    void aLongTextIsCutToTheMaximum() {
        assertThat(ShortText.of("abcde", 4)).isEqualTo("abc…");
    }

    @Test
    void noSurrogatePairIsCutInTwo() {
        assertThat(ShortText.of("ab" + PAIR + "c", 4)).isEqualTo("ab…");
        assertThat(ShortText.of("a" + PAIR + "bc", 4)).isEqualTo("a" + PAIR + "…");
    }
}
