package dev.kbmigrator;

/** A run ended without having brought everything to the target. */
public final class MigrationFailedException extends MigratorException {

    private static final long serialVersionUID = 1L;

    private final transient RunReport report;

    /**
     * With the report.
     *
     * @param message what is missing
     * @param report what was done, and what failed
     */
    public MigrationFailedException(String message, RunReport report) {
        super(message);
        this.report = report;
        report.failures().forEach(failure -> addSuppressed(new MigratorException(failure.toString())));
    }

    /**
     * What was done, and what failed.
     *
     * @return the report
     */
    public RunReport report() {
        return report;
    }
}
