package dev.kbmigrator.internal.config;

/** How long a replica works, and which failures it waits for. */
public enum RunMode {
    /** Until it is stopped; what fails is retried when it is due. */
    BACKGROUND,
    /** Until every due KB has been tried once; what fails ends the run. */
    SINGLE_RUN;

    public boolean isSingleRun() {
        return this == SINGLE_RUN;
    }
}
