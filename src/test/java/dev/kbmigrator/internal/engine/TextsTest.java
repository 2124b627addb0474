package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import org.junit.jupiter.api.Test;

class TextsTest {

    private static final String PAIR = "\uD83D\uDE00";

    @Test
    void aShortTextStaysAsItIs() {
        assertThat(Texts.shorten("abcd", 4)).isEqualTo("abcd");
        assertThat(Texts.shorten("", 4)).isEmpty();
    }

    @Test
    void aLongTextIsCutToTheMost() {
        assertThat(Texts.shorten("abcde", 4)).isEqualTo("abc…");
    }

    @Test
    void noSurrogatePairIsCutInTwo() {
        assertThat(Texts.shorten("ab" + PAIR + "c", 4)).isEqualTo("ab…");
        assertThat(Texts.shorten("a" + PAIR + "bc", 4)).isEqualTo("a" + PAIR + "…");
    }

    @Test
    void whatNoStoreKeepsIsReplaced() {
        String recorded = Texts.print(new IllegalStateException("a\0b\uD800c\uDFFFd" + PAIR))
                .text();
        assertThat(recorded).startsWith("java.lang.IllegalStateException: a\uFFFDb\uFFFDc\uFFFDd" + PAIR);
    }

    @Test
    void aLoneSurrogateInJsonBecomesAnEscape() {
        assertThat(Texts.wellFormedJson("\"a\uD800b\uDFFF" + PAIR + "\""))
                .isEqualTo("\"a\\uD800b\\uDFFF" + PAIR + "\"");
    }

    @Test
    void anErrorThatCannotBePrintedIsReplaced() {
        RuntimeException fine = new IllegalStateException("fine");
        assertThat(Texts.printable(fine)).isSameAs(fine);
        assertThat(Texts.printable(new Unprintable())).hasMessageContaining(Unprintable.class.getName());
    }

    private static final class Unprintable extends RuntimeException {

        @Override
        public void printStackTrace(PrintWriter writer) {
            throw new IllegalStateException("cannot be printed");
        }
    }
}
