package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.RejectedRowException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Rows of one kind that wait to be written: when they are due, which of them are written together, and which one the store does not
 * accept. A row is kept until its write is known to have happened, or never to happen.
 *
 * <ul>
 *   <li>After an outage or a conflict the same rows are written again. After a timeout half as many are.
 *   <li>Rows that the store rejects as data are halved until the bad one stands alone. So are rows whose write has failed several times
 *       for an unknown reason.
 *   <li>A row that failed alone is a suspect. It is bad if it fails alone again and another write has succeeded in between: the cause is
 *       then the row, and not the store. If the store says that it is the data, and no other row is to be written, a write that changes
 *       nothing stands in for it.
 * </ul>
 *
 * <p>Belongs to the worker's thread.
 */
final class RowBatch {

    /** So often in a row a write may fail for an unknown reason before it is split. */
    private static final int PATIENCE = 3;

    private static final int MAX_ID_CHARACTERS = 100;

    /** After so many writes in time, their size is doubled again. */
    private static final int GOOD = 16;

    private final Environment environment;
    private final long lingerNanos;
    private final Target target;

    /** In the order in which they finished. */
    private final List<CompletedRow> fresh = new ArrayList<>();

    /** Parts of writes that failed; the first is written next. */
    private final Deque<List<CompletedRow>> parts = new ArrayDeque<>();

    /** Rows that failed alone, in the order in which they did. */
    private final Deque<CompletedRow> suspects = new ArrayDeque<>();

    private long oldest;
    private int limit = Integer.MAX_VALUE;
    private int inTime;
    private int freshFailures;

    /** Whether rows were refused only because of others that were written with them: they do not wait again. */
    private boolean again;

    private boolean resting;
    private long writtenAtFailure;
    private int round;
    private @Nullable RuntimeException unexplained;

    /** Where the rows go. */
    interface Target {

        /** Returns the most rows that one write takes. */
        int maxBatch();

        /** Writes rows together; returns false when the store has refused them because of their epochs. */
        boolean write(List<CompletedRow> rows);

        /** Makes a write that changes nothing, for a KB whose row was accepted, if there is one. It counts if it succeeds. */
        void writeWitness();

        /** Returns how many writes have succeeded so far, of this batch or another. */
        long written();

        /** The store accepts other rows, but not this one. */
        void rejected(CompletedRow row, RuntimeException error);
    }

    RowBatch(Environment environment, long lingerNanos, Target target) {
        this.environment = environment;
        this.lingerNanos = lingerNanos;
        this.target = target;
    }

    void add(CompletedRow row) {
        if (fresh.isEmpty()) {
            oldest = environment.nanoTime();
        }
        fresh.add(row);
    }

    /** Takes a row of a KB whose row was found to be bad at an earlier attempt: it is written alone, and its first failure decides. */
    void addSuspect(CompletedRow row) {
        row.failedAlone(-1);
        row.triedIn(round - 1);
        suspects.add(row);
    }

    int size() {
        int sum = fresh.size() + suspects.size();
        for (List<CompletedRow> part : parts) {
            sum += part.size();
        }
        return sum;
    }

    /** Returns how many rows wait for others to join them. */
    int fresh() {
        return fresh.size();
    }

    /** Returns how long until something has to be written, in nanoseconds; forever when there is nothing. */
    long dueIn(long now) {
        if (!parts.isEmpty() || !suspects.isEmpty()) {
            return 0;
        }
        return fresh.isEmpty() ? Long.MAX_VALUE : Math.max(0, oldest + lingerNanos - now);
    }

    /** Forgets the rows of which that is true. */
    void removeIf(Predicate<CompletedRow> condition) {
        fresh.removeIf(condition);
        suspects.removeIf(condition);
        parts.forEach(part -> part.removeIf(condition));
        parts.removeIf(List::isEmpty);
    }

    /** For the time being, suspects are not tried again. */
    void letSuspectsRest(boolean whether) {
        resting = whether;
    }

    /** Begins to write what is due: suspects are tried once until it ends. */
    void begin() {
        round++;
        unexplained = null;
    }

    /** Returns whether there is something to write now. */
    boolean isDue(boolean nothingRuns) {
        return !parts.isEmpty() || isFreshDue(nothingRuns) || nextSuspect() != null;
    }

    private boolean isFreshDue(boolean nothingRuns) {
        return !fresh.isEmpty()
                && (nothingRuns || again || fresh.size() >= most() || dueIn(environment.nanoTime()) == 0);
    }

    private int most() {
        return Math.min(limit, target.maxBatch());
    }

    /** Throws the error of a write of which it is not known whether the row is to blame. */
    void end() {
        RuntimeException error = unexplained;
        unexplained = null;
        if (error != null && !suspects.isEmpty()) {
            String kbId = ShortText.of(suspects.getFirst().execution().kb(), MAX_ID_CHARACTERS);
            throw new UnexplainedRowException(
                    Kind.of(error),
                    "nothing can be recorded of " + suspects.size() + " KBs, such as " + kbId + ": "
                            + ErrorText.summary(error),
                    error);
        }
    }

    /** Returns the rows that the next write holds, if everything is due. */
    List<CompletedRow> next() {
        if (!parts.isEmpty()) {
            return List.copyOf(parts.getFirst());
        }
        return fresh.isEmpty()
                ? suspects.stream().limit(1).toList()
                : List.copyOf(fresh.subList(0, Math.min(most(), fresh.size())));
    }

    /** Makes one write. Throws what the store throws, unless it could be put down to a row, or the rows are to be split. */
    void writeNext(boolean nothingRuns) {
        if (!parts.isEmpty()) {
            writePart(parts.getFirst());
        } else if (isFreshDue(nothingRuns)) {
            writeFresh(Math.min(most(), fresh.size()));
        } else {
            writeAlone(Objects.requireNonNull(nextSuspect()));
        }
    }

    private @Nullable CompletedRow nextSuspect() {
        for (CompletedRow row : suspects) {
            if ((row.lastTriedIn() != round && !resting) || row.isBad(target.written())) {
                return row;
            }
        }
        return null;
    }

    private void writeFresh(int size) {
        List<CompletedRow> rows = new ArrayList<>(fresh.subList(0, size));
        try {
            again = !target.write(List.copyOf(rows));
            if (!again) {
                fresh.subList(0, size).clear();
                freshFailures = 0;
                oldest = environment.nanoTime();
                wasInTime();
            }
        } catch (RuntimeException e) {
            Kind kind = Kind.of(e);
            if (kind == Kind.TIMEOUT) {
                halveLimit(size);
            }
            freshFailures = kind == Kind.UNKNOWN ? freshFailures + 1 : 0;
            if (kind != Kind.DATA && freshFailures < PATIENCE) {
                writtenAtFailure = target.written();
                throw e;
            }
            fresh.subList(0, size).clear();
            freshFailures = 0;
            oldest = environment.nanoTime();
            parts.add(rows);
            failed(rows, e);
        }
    }

    private void writePart(List<CompletedRow> part) {
        try {
            if (target.write(List.copyOf(part))) {
                parts.remove(part);
                wasInTime();
            }
        } catch (RuntimeException e) {
            failed(part, e);
        }
    }

    private void wasInTime() {
        inTime++;
        if (inTime >= GOOD && limit < target.maxBatch()) {
            limit *= 2;
            inTime = 0;
        }
    }

    private void halveLimit(int size) {
        limit = Math.max(1, size / 2);
        inTime = 0;
    }

    /** What becomes of rows that are being split. */
    private void failed(List<CompletedRow> part, RuntimeException error) {
        boolean storeIsAlive = target.written() > writtenAtFailure;
        writtenAtFailure = target.written();
        switch (Kind.of(error)) {
            case OUTAGE, CONFLICT -> throw error;
            case TIMEOUT -> {
                halveLimit(part.size());
                halve(part);
                throw error;
            }
            case DATA -> {
                if (!removeNamed(part, error)) {
                    split(part, error);
                }
            }
            case UNKNOWN -> {
                boolean wasAlone = part.size() == 1;
                split(part, error);
                if (!storeIsAlive && !wasAlone) {
                    throw error;
                }
            }
        }
    }

    /** The store may know which rows it is: then they stand alone at once. If it is all of the rows, they are halved. */
    private boolean removeNamed(List<CompletedRow> part, RuntimeException error) {
        if (!(error instanceof RejectedRowException rejected)) {
            return false;
        }
        List<CompletedRow> named = part.stream()
                .filter(row -> rejected.kbIds().contains(row.execution().kb()))
                .toList();
        if (named.isEmpty() || named.size() == part.size()) {
            return false;
        }
        part.removeAll(named);
        for (CompletedRow row : named) {
            suspects.add(row);
            failedAlone(row, error);
        }
        return true;
    }

    private void split(List<CompletedRow> part, RuntimeException error) {
        if (part.size() > 1) {
            halve(part);
            return;
        }
        parts.remove(part);
        CompletedRow row = part.get(0);
        suspects.add(row);
        failedAlone(row, error);
    }

    private void halve(List<CompletedRow> part) {
        int size = part.size();
        if (size > 1) {
            parts.remove(part);
            parts.addFirst(new ArrayList<>(part.subList(size / 2, size)));
            parts.addFirst(new ArrayList<>(part.subList(0, size / 2)));
        }
    }

    private void writeAlone(CompletedRow row) {
        try {
            if (target.write(List.of(row))) {
                suspects.remove(row);
            } else {
                row.triedIn(round);
            }
        } catch (RuntimeException e) {
            if (Kind.of(e) != Kind.DATA && Kind.of(e) != Kind.UNKNOWN) {
                throw e;
            }
            failedAlone(row, e);
        }
    }

    private void failedAlone(CompletedRow row, RuntimeException error) {
        row.triedIn(round);
        if (row.reduce(Kind.of(error) == Kind.DATA)) {
            // Whoever is to blame, the record can do without these characters: tried at once
            row.triedIn(round - 1);
            return;
        }
        boolean failedBefore = row.hasFailedAlone();
        if (row.isBad(target.written())) {
            suspects.remove(row);
            target.rejected(row, error);
            return;
        }
        row.failedAlone(target.written());
        unexplained = error;
        if (failedBefore && Kind.of(error) == Kind.DATA) {
            // If that succeeds, the next failure of the row decides
            target.writeWitness();
        }
    }
}
