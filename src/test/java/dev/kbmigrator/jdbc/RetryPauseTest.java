package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The wait before a retry. */
class RetryPauseTest {

    @Test
    void anInterruptDuringTheWaitStaysSet() {
        Thread.currentThread().interrupt();
        RetryPause.after(1);
        assertThat(Thread.interrupted()).isTrue();
    }
}
