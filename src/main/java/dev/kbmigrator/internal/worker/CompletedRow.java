package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.spi.KbWrite;
import org.jspecify.annotations.Nullable;

/** What is to be written of an execution that has finished, and how that has gone so far. Belongs to the worker's thread. */
final class CompletedRow {

    private final KbExecution execution;
    private final @Nullable Throwable error;
    private KbWrite write;
    private boolean reduced;
    private boolean failedAlone;
    private long writtenAtFirst;
    private int lastTriedIn = -1;

    /**
     * Creates a row that was not written yet.
     *
     * @param error what the part has thrown; null when it has not
     */
    CompletedRow(KbExecution execution, KbWrite write, @Nullable Throwable error) {
        this.execution = execution;
        this.write = write;
        this.error = error;
    }

    KbExecution execution() {
        return execution;
    }

    KbWrite write() {
        return write;
    }

    @Nullable
    Throwable error() {
        return error;
    }

    /** The row has failed alone, when that many writes had succeeded; only the first time is remembered. */
    void failedAlone(long written) {
        if (!failedAlone) {
            failedAlone = true;
            writtenAtFirst = written;
        }
    }

    boolean hasFailedAlone() {
        return failedAlone;
    }

    /** Returns whether it has failed alone before, and other writes have succeeded since. */
    boolean isBad(long written) {
        return failedAlone && written > writtenAtFirst;
    }

    void triedIn(int round) {
        lastTriedIn = round;
    }

    int lastTriedIn() {
        return lastTriedIn;
    }

    /**
     * Leaves only characters in the text of a failure that every store can keep. Returns false if that changes nothing, or was done
     * before.
     *
     * @param isData whether the store says that it is the data; otherwise only a row that has failed alone before is changed
     */
    boolean reduce(boolean isData) {
        if (reduced || !(isData || failedAlone) || !(write instanceof KbWrite.Failed failed)) {
            return false;
        }
        reduced = true;
        String plain = ErrorText.ascii(failed.error());
        if (plain.equals(failed.error())) {
            return false;
        }
        write = new KbWrite.Failed(
                failed.kbId(),
                failed.incarnation(),
                failed.from(),
                failed.version(),
                failed.failures(),
                plain,
                failed.retryAfter());
        failedAlone = false;
        return true;
    }
}
