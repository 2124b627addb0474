package dev.kbmigrator.example.archive;

/**
 * What is in the archive.
 *
 * @param kbs how many KBs
 * @param files how many files
 * @param bytes how large they are together
 * @param verdicts how they compare with what was published
 */
record Contents(long kbs, long files, long bytes, Verdicts verdicts) {

    /**
     * How many files got which verdict.
     *
     * @param verified are what was published
     * @param mismatched are something else
     * @param withoutDigest have no digest beside them
     * @param notPublished are digests, or notes that Maven made
     */
    record Verdicts(long verified, long mismatched, long withoutDigest, long notPublished) {}
}
