package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class StepRetryTest {

    private static final long USUAL = Duration.ofSeconds(7).toNanos();

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.WARN);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final StepRetry retry = new StepRetry(environment, new Troubles(environment), "work");
    private int runs;

    private void succeed() {
        retry.run(() -> runs++);
    }

    private RuntimeException fail(String message) {
        RuntimeException error = new IllegalStateException(message);
        retry.run(() -> {
            runs++;
            throw error;
        });
        return error;
    }

    private Duration waitAfter(long usual) {
        return Duration.ofNanos(retry.waitNanos(usual));
    }

    @Test
    void aStepThatSucceedsWaitsForTheUsualTime() {
        succeed();
        assertThat(runs).isEqualTo(1);
        assertThat(retry.failures()).isZero();
        assertThat(retry.lastError()).isNull();
        assertThat(retry.waitNanos(USUAL)).isEqualTo(USUAL);
        assertThat(log.messages(Level.WARN)).isEmpty();
    }

    @Test
    void aFailureIsLoggedAndKept() {
        RuntimeException first = fail("the store is down");
        assertThat(retry.lastError()).isSameAs(first);
        environment.pass(Duration.ofMillis(100));
        RuntimeException second = fail("the store is still down");
        assertThat(retry.lastError()).isSameAs(second);
        assertThat(retry.failures()).isEqualTo(2);
        assertThat(log.messages(Level.WARN))
                .containsExactly(
                        "Cannot work, and tries again: java.lang.IllegalStateException: the store is down",
                        "Still cannot work, after 2 attempts in PT0.1S: java.lang.IllegalStateException: the store is"
                                + " still down");
    }

    @Test
    void anErrorOfTheJvmIsSurvivedAndWrapped() {
        Error error = new NoClassDefFoundError("a driver");
        retry.run(() -> {
            throw error;
        });
        assertThat(retry.lastError())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("java.lang.NoClassDefFoundError: a driver")
                .hasCause(error);
    }

    @Test
    void theStepIsNotRetriedBeforeItsBackoffIsOver() {
        environment.pass(Duration.ofDays(-1));
        fail("the store is down");
        environment.pass(Duration.ofMillis(100).minusNanos(1));
        succeed();
        assertThat(runs).as("too early").isEqualTo(1);
        assertThat(retry.failures()).isEqualTo(1);
        environment.pass(Duration.ofNanos(1));
        succeed();
        assertThat(runs).isEqualTo(2);
        assertThat(retry.failures()).isZero();
    }

    @Test
    void theFirstStepNeverWaitsWhateverTheClockShows() {
        environment.pass(Duration.ofDays(-1));
        succeed();
        assertThat(runs).isEqualTo(1);
    }

    @Test
    void theWaitAfterAFailureIsTheBackoff() {
        fail("the store is down");
        assertThat(waitAfter(USUAL)).isEqualTo(Duration.ofMillis(100));
        assertThat(waitAfter(1)).as("however short the usual wait").isEqualTo(Duration.ofMillis(100));
        environment.pass(Duration.ofMillis(60));
        assertThat(waitAfter(USUAL)).isEqualTo(Duration.ofMillis(40));
        environment.pass(Duration.ofMillis(60));
        assertThat(waitAfter(USUAL)).as("the retry is due").isEqualTo(Duration.ofNanos(1));
    }

    @Test
    void theBackoffDoublesUpToTenSeconds() {
        for (int millis : new int[] {100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000}) {
            fail("the store is down");
            assertThat(waitAfter(USUAL)).isEqualTo(Duration.ofMillis(millis));
            environment.pass(Duration.ofMillis(millis));
        }
    }

    @Test
    void progressMakesTheNextFailureTheFirstAgain() {
        fail("the store is down");
        environment.pass(Duration.ofMillis(100));
        fail("the store is down");
        retry.progressed();
        assertThat(retry.waitNanos(USUAL)).isEqualTo(USUAL);
        RuntimeException third = fail("the store is down again");
        assertThat(retry.failures()).isEqualTo(1);
        assertThat(waitAfter(USUAL)).isEqualTo(Duration.ofMillis(100));
        assertThat(retry.lastError()).isSameAs(third);
    }
}
