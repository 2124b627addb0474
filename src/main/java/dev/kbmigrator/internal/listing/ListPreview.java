package dev.kbmigrator.internal.listing;

import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.StateStore;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Goes through the host's list of KBs and counts those that are not enrolled, without changing anything. The list is streamed: no more
 * than a batch of it is in memory. An id that is listed twice, far apart, counts twice. Belongs to one thread.
 */
public final class ListPreview {

    private static final int BATCH = 1_000;

    private final HostKbs host;
    private final StateStore store;
    private final int mostSamples;
    private final List<String> sample = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private long unenrolled;
    private long invalid;

    /**
     * Prepares to read the list.
     *
     * @param mostSamples how many ids of KBs that are not enrolled are kept
     */
    public ListPreview(HostKbs host, StateStore store, int mostSamples) {
        this.host = host;
        this.store = store;
        this.mostSamples = mostSamples;
    }

    /** Reads the list to its end; returns false if the host's list failed, which is then among the problems. */
    public boolean read() {
        long listed = 0;
        try (Stream<String> ids = host.ids()) {
            Set<String> batch = new LinkedHashSet<>();
            for (Iterator<String> each = ids.iterator(); each.hasNext(); listed++) {
                add(each.next(), batch);
            }
            count(batch);
        } catch (StoreFailedException e) {
            throw e.storeError;
        } catch (Exception | Error e) {
            problems.add("the host's list of KBs failed after " + listed + " ids: "
                    + ShortText.shown(ErrorText.loggable(e).toString(), ShortText.ERROR));
            return false;
        }
        if (invalid > 1) {
            problems.add(invalid + " ids in the host's list are invalid and are left out");
        }
        return true;
    }

    private void add(String kbId, Set<String> batch) {
        String problem = KbIds.problemWith(kbId);
        if (problem == null) {
            batch.add(kbId);
        } else if (invalid++ == 0) {
            problems.add("the host lists an invalid KB id, which is left out: " + problem);
        }
        if (batch.size() >= BATCH) {
            count(batch);
        }
    }

    private void count(Set<String> batch) {
        try {
            batch.removeAll(store.find(batch).keySet());
        } catch (RuntimeException e) {
            throw new StoreFailedException(e);
        }
        unenrolled += batch.size();
        batch.stream().limit(mostSamples - sample.size()).forEach(sample::add);
        batch.clear();
    }

    /** Returns how many KBs of the list are not enrolled. */
    public long unenrolled() {
        return unenrolled;
    }

    /** Returns the ids of some of them. */
    public List<String> sample() {
        return sample;
    }

    /** Returns what is wrong with the list, a sentence each. */
    public List<String> problems() {
        return problems;
    }

    /** The store failed, not the host's list. */
    private static final class StoreFailedException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final RuntimeException storeError;

        StoreFailedException(RuntimeException storeError) {
            super(storeError);
            this.storeError = storeError;
        }
    }
}
