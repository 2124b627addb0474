package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Snapshot;

/**
 * Chooses the text of the statements whose best plan depends on how many KBs have a record. The server keeps the plan that it
 * made for a text, and a plan that was made for an empty table reads the whole table for each batch once it has rows. So these
 * statements get another text, and with it a new plan, when more than a few KBs have a record. A plan that was made for a few
 * hundred rows uses the index, and can be kept.
 *
 * <p>Owns the number of records at the last look. Safe for use by many threads.
 */
final class PostgresPlans {

    /** Reading so many records one after the other costs little compared with a page or a batch. */
    private static final int FEW_RECORDS = 256;

    private final Statements statements;
    private volatile int records;

    PostgresPlans(Statements statements) {
        this.statements = statements;
    }

    /** Takes the number of records from a look. */
    void observe(Snapshot snapshot) {
        records = snapshot.recordCounts().stream()
                .mapToInt(count -> count.due() + count.waiting() + count.setAside())
                .sum();
    }

    /** The statement, with a comment that differs between few and many records. */
    String sql(String template) {
        return statements.sql(template) + (records < FEW_RECORDS ? "-- few on record" : "-- many on record");
    }
}
