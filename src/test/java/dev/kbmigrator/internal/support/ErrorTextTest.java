package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ErrorTextTest {

    private static final String PAIR = "\uD83D\uDE00";

    @Test
    void aShortTextStaysAsItIs() {
        assertThat(ErrorText.shorten("abcd", 4)).isEqualTo("abcd");
        assertThat(ErrorText.shorten("", 4)).isEmpty();
    }

    @Test
    void aLongTextIsCutToTheMost() {
        assertThat(ErrorText.shorten("abcde", 4)).isEqualTo("abc…");
    }

    @Test
    void noSurrogatePairIsCutInTwo() {
        assertThat(ErrorText.shorten("ab" + PAIR + "c", 4)).isEqualTo("ab…");
        assertThat(ErrorText.shorten("a" + PAIR + "bc", 4)).isEqualTo("a" + PAIR + "…");
    }

    @Test
    void whatNoStoreKeepsIsReplaced() {
        String recorded = ErrorText.print(new IllegalStateException("a\0b\uD800c\uDFFFd" + PAIR))
                .text();
        assertThat(recorded).startsWith("java.lang.IllegalStateException: a\uFFFDb\uFFFDc\uFFFDd" + PAIR);
        assertThat(ErrorText.print(new IllegalStateException("a\0b")).text()).contains(": a\uFFFDb");
        assertThat(ErrorText.print(new IllegalStateException("a\uD800b")).text())
                .contains(": a\uFFFDb");
    }

    @Test
    void aLoneSurrogateInJsonBecomesAnEscape() {
        assertThat(ErrorText.wellFormedJson("\"a\uD800b\uDFFF" + PAIR + "\""))
                .isEqualTo("\"a\\uD800b\\uDFFF" + PAIR + "\"");
    }

    @Test
    void anErrorThatCannotBePrintedIsReplaced() {
        RuntimeException fine = new IllegalStateException("fine");
        assertThat(ErrorText.printable(fine)).isSameAs(fine);
        assertThat(ErrorText.printable(new Unprintable())).hasMessageContaining(Unprintable.class.getName());
    }

    private static Throwable failure(String message, @Nullable Throwable cause) {
        Throwable error = new IllegalStateException(message, cause);
        error.setStackTrace(new StackTraceElement[] {new StackTraceElement("A", "a", "A.java", 1)});
        return error;
    }

    /** What the second is printed to after the first: in any case what it is printed to by itself. */
    private static String textAfter(Throwable first, Throwable second) {
        ErrorText.Printed printed = ErrorText.print(second, ErrorText.print(first));
        assertThat(printed.error()).isSameAs(second);
        assertThat(printed.text()).isEqualTo(ErrorText.print(second).text());
        return printed.text();
    }

    @Test
    void errorsThatAreNoDifferentShareTheirText() {
        ErrorText.Printed before = ErrorText.print(failure("a", failure("b", null)));
        Throwable error = failure("a", failure("b", null));
        ErrorText.Printed printed = ErrorText.print(error, before);
        assertThat(printed.text()).isSameAs(before.text());
        assertThat(printed.error()).isSameAs(error);
    }

    @Test
    void errorsThatDifferAnywhereHaveTextsOfTheirOwn() {
        Throwable error = failure("a", failure("b", null));
        assertThat(textAfter(error, failure("c", failure("b", null)))).contains("c");
        assertThat(textAfter(error, failure("a", failure("c", null)))).contains("c");
        assertThat(textAfter(error, failure("a", null))).doesNotContain("Caused");
        assertThat(textAfter(failure("a", null), error)).contains("Caused");
        Throwable elsewhere = failure("a", failure("b", null));
        elsewhere.setStackTrace(new StackTraceElement[] {new StackTraceElement("A", "a", "A.java", 2)});
        assertThat(textAfter(error, elsewhere)).contains("A.java:2");
        Throwable more = failure("a", failure("b", null));
        more.addSuppressed(failure("d", null));
        assertThat(textAfter(error, more)).contains("Suppressed");
        assertThat(textAfter(more, error)).doesNotContain("Suppressed");
    }

    @Test
    void causesThatGoInACircleArePrintedEachTime() {
        Throwable circular = new Circular();
        circular.setStackTrace(new StackTraceElement[0]);
        assertThat(textAfter(circular, circular)).contains("CIRCULAR REFERENCE");
    }

    private static final class Circular extends RuntimeException {

        @Override
        public synchronized Throwable getCause() {
            return this;
        }
    }

    private static final class Unprintable extends RuntimeException {

        @Override
        public void printStackTrace(PrintWriter writer) {
            throw new IllegalStateException("cannot be printed");
        }
    }
}
