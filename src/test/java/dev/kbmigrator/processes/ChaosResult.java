package dev.kbmigrator.processes;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What came of it.
 *
 * @param database on which server
 * @param seed from which the faults were drawn
 * @param minutes how long faults were made
 * @param faults how many of each kind
 * @param kbs how many KBs there were in the end
 * @param deletedKbs how many KBs the host has deleted meanwhile
 * @param versions how many migrations
 * @param parts how many parts began
 * @param lostKbs what is missing, by the host's own tables
 * @param loweredVersions what ran again after something later, or was seen at a lower version than before
 * @param disorderedParts what ran on the wrong side of a global part
 * @param returnedKbs what was known or touched again after the host had deleted it
 * @param doubleCommits transactional migrations that committed twice
 * @param stuck KBs that were not brought up within two minutes after the last fault
 * @param ttlMs the leases' ttl
 * @param takeovers how many kills hit KBs in hand
 * @param takeoverMedianMs the time from the kill until the last of those KBs went on
 * @param takeoverMaxMs the longest
 */
record ChaosResult(
        String database,
        long seed,
        double minutes,
        Map<Fault, Integer> faults,
        int kbs,
        int deletedKbs,
        long versions,
        int parts,
        int lostKbs,
        int loweredVersions,
        int disorderedParts,
        int returnedKbs,
        long doubleCommits,
        long stuck,
        long ttlMs,
        int takeovers,
        long takeoverMedianMs,
        long takeoverMaxMs) {

    ChaosResult {
        faults = Map.copyOf(faults);
    }

    String toJson() {
        try {
            return new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                    .writeValueAsString(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void writeTo(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, toJson());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
