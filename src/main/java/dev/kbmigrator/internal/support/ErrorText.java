package dev.kbmigrator.internal.support;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.KbRecord;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An error, and everything that the library will ever say about it. The methods of somebody else's error may throw, hang, or return
 * anything, so they are called only here, in the thread that makes this object: that must be the thread that caught the error. From
 * then on, every other thread uses {@link #text}, {@link #summary} and {@link #printed}. Immutable.
 */
public final class ErrorText {

    private static final int MAX_CHARACTERS = KbRecord.MAX_ERROR_CHARACTERS;
    private static final int MAX_SUMMARY_CHARACTERS = 1_000;
    private static final int MAX_LINE_CHARACTERS = 500;

    /** Of more causes than this, and of circular ones, the rest is left out; such errors are always printed anew. */
    private static final int MAX_CAUSES = 10;

    private final Throwable error;
    private final String text;
    private final Chain chain;

    /** One error or cause: what it says, shortened, its stack trace, and what was suppressed because of it. */
    private record Link(String head, List<StackTraceElement> trace, List<Link> suppressed) {}

    /**
     * An error and its causes.
     *
     * @param links the error, then its cause, and so on
     * @param faithful whether printing the error itself says the same, and safely
     * @param complete whether there is nothing that the links leave out
     */
    private record Chain(List<Link> links, boolean faithful, boolean complete) {

        boolean saysTheSameAs(Chain other) {
            return complete && other.complete && links.equals(other.links);
        }
    }

    private ErrorText(Throwable error, String text, Chain chain) {
        this.error = error;
        this.text = text;
        this.chain = chain;
    }

    public static ErrorText of(Throwable error) {
        return of(error, null);
    }

    /** Likewise. An error that is no different from the previous one shares its text: many KBs fail in the same way. */
    public static ErrorText of(Throwable error, @Nullable ErrorText previous) {
        try {
            Chain chain = chainOf(error);
            if (previous != null && chain.saysTheSameAs(previous.chain)) {
                return new ErrorText(error, previous.text, previous.chain);
            }
            String text = print(chain.faithful() ? error : standIn(chain));
            return new ErrorText(error, storable(ShortText.of(text, MAX_CHARACTERS)), chain);
        } catch (RuntimeException | Error e) {
            return of(new MigratorException(
                    error.getClass().getName() + ", which threw " + e.getClass().getName() + " when it was printed"));
        }
    }

    /** Returns the error, or one that stands for it when its own methods throw. */
    public static Throwable loggable(Throwable error) {
        return of(error).error();
    }

    /** Returns the error, or one that stands for it when its own methods throw. Only the host's listeners may call its methods. */
    public Throwable error() {
        return error;
    }

    /** Returns its stack trace, shortened, without characters that some stores cannot keep. */
    public String text() {
        return text;
    }

    /** Returns what it says without its stack trace, shortened. */
    public String summary() {
        return ShortText.of(chain.links().get(0).head(), MAX_SUMMARY_CHARACTERS);
    }

    /** Returns a throwable for the log that says the same, and has no method of the error's. */
    public Throwable printed() {
        return standIn(chain);
    }

    /** Returns what an error says, in one line without control characters, shortened. */
    public static String summary(Throwable error) {
        try {
            String message = error instanceof MigratorException ? error.getMessage() : null;
            String text = String.valueOf(message == null ? error : message);
            return ShortText.of(storable(text).replaceAll("[\\p{Cntrl}\\s]+", " "), MAX_LINE_CHARACTERS);
        } catch (RuntimeException | Error e) {
            return error.getClass().getName() + ", whose own methods throw when it is printed";
        }
    }

    /** Returns a text in which every database can keep each character: those beyond ASCII are escaped, and what is too long is cut. */
    public static String ascii(String text) {
        StringBuilder ascii = new StringBuilder();
        for (int i = 0; i < text.length() && ascii.length() < MAX_CHARACTERS; i++) {
            char c = text.charAt(i);
            boolean isPlain = (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
            ascii.append(isPlain ? String.valueOf(c) : String.format(Locale.ROOT, "\\u%04x", (int) c));
        }
        if (ascii.length() > MAX_CHARACTERS) {
            ascii.setLength(MAX_CHARACTERS);
        }
        return ascii.toString();
    }

    private static Chain chainOf(Throwable error) {
        List<Link> links = new ArrayList<>();
        boolean faithful = true;
        boolean complete = true;
        Throwable next = error;
        while (next != null && links.size() < MAX_CAUSES) {
            String head = headOf(next);
            faithful &= head != null && head.length() < MAX_CHARACTERS;
            List<Link> suppressed = new ArrayList<>();
            for (Throwable one : next.getSuppressed()) {
                complete = false;
                if (suppressed.size() < MAX_CAUSES) {
                    suppressed.add(link(headOf(one), one, List.of()));
                }
            }
            links.add(link(head, next, suppressed));
            next = next.getCause();
        }
        return new Chain(links, faithful, complete && next == null);
    }

    private static Link link(@Nullable String head, Throwable error, List<Link> suppressed) {
        String said = Objects.requireNonNullElse(head, error.getClass().getName());
        return new Link(said, Arrays.asList(error.getStackTrace()), suppressed);
    }

    private static @Nullable String headOf(Throwable error) {
        try {
            String head = error.toString();
            return head == null ? null : ShortText.of(head, MAX_CHARACTERS);
        } catch (OutOfMemoryError e) {
            // The message is so long that there is no room for a second copy, which is what toString() makes
            return error.getClass().getName() + ": " + ShortText.of(String.valueOf(error.getMessage()), MAX_CHARACTERS);
        }
    }

    private static String print(Throwable error) {
        LimitedWriter writer = new LimitedWriter();
        try {
            error.printStackTrace(new PrintWriter(writer));
        } catch (IllegalStateException e) {
            if (!writer.isFull()) {
                throw e;
            }
        }
        return writer.kept.toString();
    }

    private static Throwable standIn(Chain chain) {
        List<Link> links = chain.links();
        Printed standIn = new Printed(links.get(links.size() - 1), null);
        for (int i = links.size() - 2; i >= 0; i--) {
            standIn = new Printed(links.get(i), standIn);
        }
        return standIn;
    }

    /** Says what another error has said. */
    private static final class Printed extends MigratorException {

        private static final long serialVersionUID = 1L;

        private Printed(Link link, @Nullable Printed cause) {
            super(link.head());
            if (cause != null) {
                initCause(cause);
            }
            setStackTrace(link.trace().toArray(new StackTraceElement[0]));
            link.suppressed().forEach(one -> addSuppressed(new Printed(one, null)));
        }

        /** The message already names the class of the error that it stands for. */
        @Override
        @SuppressWarnings("OverrideThrowableToString")
        public String toString() {
            return String.valueOf(getMessage());
        }
    }

    /** Keeps one character more than a text may have, and then refuses more. */
    private static final class LimitedWriter extends Writer {

        private final StringBuilder kept = new StringBuilder();

        @Override
        public void write(char[] characters, int offset, int length) {
            kept.append(characters, offset, Math.min(length, room()));
            stopIfFull();
        }

        @Override
        public void write(String from, int offset, int length) {
            kept.append(from, offset, offset + Math.min(length, room()));
            stopIfFull();
        }

        private int room() {
            return MAX_CHARACTERS + 1 - kept.length();
        }

        boolean isFull() {
            return room() == 0;
        }

        private void stopIfFull() {
            if (isFull()) {
                throw new IllegalStateException("no more is kept");
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Replaces NULs and lone surrogates, which not every store can keep. */
    private static String storable(String text) {
        if (text.indexOf(0) < 0 && text.equals(new String(text.getBytes(UTF_8), UTF_8))) {
            // The usual case, and the quickest way to find out
            return text;
        }
        StringBuilder kept = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> point == 0 || (point >= 0xD800 && point <= 0xDFFF) ? 0xFFFD : point)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }
}
