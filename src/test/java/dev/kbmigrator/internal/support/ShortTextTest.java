package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

    @Test
    void whatDoesNotPrintIsShownEscaped() {
        assertThat(ShortText.shown("a\n\r\t\0\u001b[1m\u0085\u2028\u202e\u2066\ufeff\ud800b"))
                .isEqualTo("a\\n\\r\\t\\u0000\\u001B[1m\\u0085\\u2028\\u202E\\u2066\\uFEFF\\uD800b");
        assertThat(ShortText.shown("\udb40\udc01")).as("an invisible tag").isEqualTo("\\uDB40\\uDC01");
    }

    @Test
    void whatPrintsIsShownAsItIs() {
        assertThat(ShortText.shown("Größe " + PAIR + " \u05d0 kb/1")).isEqualTo("Größe " + PAIR + " \u05d0 kb/1");
    }

    @Test
    void differentTextsNeverLookAlike() {
        assertThat(ShortText.shown("a\\nb")).isEqualTo("a\\\\nb").isNotEqualTo(ShortText.shown("a\nb"));
    }

    @Test
    void whatIsShownIsBoundedWithoutCuttingAnEscape() {
        assertThat(ShortText.shown("abcd", 4)).isEqualTo("abcd");
        assertThat(ShortText.shown("abcde", 4)).isEqualTo("abc…");
        assertThat(ShortText.shown("ab\n", 4)).isEqualTo("ab\\n");
        assertThat(ShortText.shown("ab\nc", 4)).isEqualTo("ab…");
        assertThat(ShortText.shown("ab" + PAIR + "c", 4)).isEqualTo("ab…");
        assertThat(ShortText.shown("x".repeat(1_000_000))).hasSize(200);
    }

    @Test
    void aReasonIsBoundedAndStorable() {
        assertThat(ShortText.reason("why\nnot")).isEqualTo("why\nnot");
        assertThat(ShortText.reason("y".repeat(5_000))).hasSize(2_000);
        assertThatThrownBy(() -> ShortText.reason("a\0b"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the reason contains a NUL or a lone surrogate: a\\u0000b");
        assertThatThrownBy(() -> ShortText.reason("\udc00")).isInstanceOf(IllegalArgumentException.class);
    }
}
