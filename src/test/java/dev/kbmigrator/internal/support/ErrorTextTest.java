package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.KbRecord;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@SuppressWarnings({"OverrideThrowableToString", "ToStringReturnsNull"})
class ErrorTextTest {

    private static final String PAIR = "\uD83D\uDE00";

    @Test
    void charactersThatNoStoreKeepsAreReplaced() {
        String recorded = ErrorText.of(new IllegalStateException("a\0b\uD800c\uDFFFd" + PAIR))
                .text();
        assertThat(recorded).startsWith("java.lang.IllegalStateException: a\uFFFDb\uFFFDc\uFFFDd" + PAIR);
        assertThat(ErrorText.of(new IllegalStateException("a\0b")).text()).contains(": a\uFFFDb");
        assertThat(ErrorText.of(new IllegalStateException("a\uD800b")).text()).contains(": a\uFFFDb");
    }

    @Test
    void aNulAtTheStartIsReplacedToo() {
        assertThat(ErrorText.of(new StartsWithNul()).text()).startsWith("\uFFFDb");
    }

    @Test
    void anErrorThatCannotBePrintedIsReplaced() {
        RuntimeException fine = new IllegalStateException("fine");
        assertThat(ErrorText.loggable(fine)).isSameAs(fine);
        assertThat(ErrorText.loggable(new Unprintable())).hasMessageContaining(Unprintable.class.getName());
        assertThat(ErrorText.of(new Unprintable()).text()).contains(Unprintable.class.getName());
    }

    @Test
    void aLongTextIsShortened() {
        String text = ErrorText.of(new IllegalStateException("e".repeat(2 * KbRecord.MAX_ERROR_CHARACTERS)))
                .text();
        assertThat(text).hasSize(KbRecord.MAX_ERROR_CHARACTERS).endsWith("e…");
    }

    private static Throwable failure(String message, @Nullable Throwable cause) {
        Throwable error = new IllegalStateException(message, cause);
        error.setStackTrace(new StackTraceElement[] {new StackTraceElement("A", "a", "A.java", 1)});
        return error;
    }

    /** Returns the text of the second error after the first, which is always the same as without the first. */
    private static String textAfter(Throwable first, Throwable second) {
        ErrorText printed = ErrorText.of(second, ErrorText.of(first));
        assertThat(printed.error()).isSameAs(second);
        assertThat(printed.text()).isEqualTo(ErrorText.of(second).text());
        return printed.text();
    }

    @Test
    void errorsThatAreAlikeShareTheirText() {
        ErrorText before = ErrorText.of(failure("a", failure("b", null)));
        Throwable error = failure("a", failure("b", null));
        ErrorText printed = ErrorText.of(error, before);
        assertThat(printed.text()).isSameAs(before.text());
        assertThat(printed.error()).isSameAs(error);
    }

    @Test
    void errorsThatDifferAnywhereHaveTheirOwnTexts() {
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
    void circularCausesArePrintedEachTime() {
        Throwable circular = new Circular();
        circular.setStackTrace(new StackTraceElement[0]);
        assertThat(textAfter(circular, circular)).contains("CIRCULAR REFERENCE");
    }

    @Test
    void anErrorWithoutATextIsCalledByItsClass() {
        ErrorText said = ErrorText.of(new SaysNothing());
        assertThat(said.text()).startsWith(SaysNothing.class.getName() + "\n\tat ");
        assertThat(said.summary()).isEqualTo(SaysNothing.class.getName());
        assertThat(ErrorText.of(failure("a", new SaysNothing())).text())
                .contains("Caused by: " + SaysNothing.class.getName());
    }

    @Test
    void aTextThatDoesNotFitIntoMemoryTwiceIsShortened() {
        assertThat(ErrorText.of(new TooLong()).text())
                .startsWith(TooLong.class.getName() + ": xxx")
                .endsWith("x…")
                .hasSize(KbRecord.MAX_ERROR_CHARACTERS);
    }

    @Test
    void aHugeMessageIsShortenedAndNotPrinted() {
        Throwable huge = new IllegalStateException("x".repeat(100_000_000));
        ErrorText said = ErrorText.of(huge);
        assertThat(said.error()).isSameAs(huge);
        assertThat(said.text())
                .startsWith("java.lang.IllegalStateException: xxx")
                .endsWith("x…");
        assertThat(said.summary()).hasSize(1_000).startsWith("java.lang.IllegalStateException: xxx");
        assertThat(said.printed().getMessage()).hasSize(KbRecord.MAX_ERROR_CHARACTERS);
    }

    @Test
    void anErrorThatCannotBePrintedIsSaidToHaveThrownWhatItThrew() {
        assertThat(ErrorText.of(new Unprintable()).text())
                .contains(
                        Unprintable.class.getName() + ", which threw java.lang.UnsupportedOperationException when it");
    }

    @Test
    void aPrintingThatNeverEndsIsCutOff() {
        assertThat(ErrorText.of(new Endless()).text()).hasSize(KbRecord.MAX_ERROR_CHARACTERS);
    }

    @Test
    void whatIsLoggedSaysTheSameWithoutCallingTheError() {
        Counted error = new Counted(failure("b", null));
        error.addSuppressed(failure("c", null));
        ErrorText said = ErrorText.of(error);
        int calls = error.calls;
        Throwable printed = said.printed();
        assertThat(printed).hasToString("counted").isNotSameAs(error);
        assertThat(printed.getStackTrace()).isEqualTo(error.getStackTrace());
        assertThat(printed.getCause())
                .hasToString("java.lang.IllegalStateException: b")
                .isNotSameAs(error.getCause());
        assertThat(printed.getSuppressed()).singleElement().asString().isEqualTo("java.lang.IllegalStateException: c");
        assertThat(ErrorText.of(failure("d", null), said).text()).contains("d");
        assertThat(said.summary()).isEqualTo("counted");
        assertThat(error.calls).as("nobody has asked it again").isEqualTo(calls);
    }

    /** Counts how often it is asked. */
    private static final class Counted extends RuntimeException {

        private int calls;

        private Counted(Throwable cause) {
            super(cause);
        }

        @Override
        public String getMessage() {
            calls++;
            return "counted";
        }

        @Override
        public String toString() {
            calls++;
            return "counted";
        }
    }

    private static final class SaysNothing extends RuntimeException {

        @Override
        public @Nullable String toString() {
            return null;
        }
    }

    private static final class TooLong extends RuntimeException {

        private TooLong() {
            super("x".repeat(3_000));
        }

        @Override
        public String toString() {
            throw new OutOfMemoryError("simulated");
        }
    }

    private static final class Endless extends RuntimeException {

        @Override
        public void printStackTrace(PrintWriter writer) {
            while (true) {
                writer.println("once more");
            }
        }
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
            throw new UnsupportedOperationException("cannot be printed");
        }
    }

    private static final class StartsWithNul extends RuntimeException {

        @Override
        public void printStackTrace(PrintWriter writer) {
            writer.print("\0b");
        }
    }
}
