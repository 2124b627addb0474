package dev.kbmigrator;

/** Thrown when a run ended without bringing the fleet to its target version. The {@link #report()} says what was done. */
public final class MigrationFailedException extends MigratorException {

    private static final long serialVersionUID = 1L;

    private final transient RunReport report;

    /**
     * Creates the exception. Each failure in the report is also added as a suppressed exception, so that stack traces show it.
     *
     * @param message what is missing
     * @param report what was done and what failed
     */
    public MigrationFailedException(String message, RunReport report) {
        super(message);
        this.report = report;
        report.failures().forEach(failure -> addSuppressed(new MigratorException(failure.toString())));
    }

    /**
     * Returns what the run did and what failed.
     *
     * @return the report; null after deserialization
     */
    public RunReport report() {
        return report;
    }
}
