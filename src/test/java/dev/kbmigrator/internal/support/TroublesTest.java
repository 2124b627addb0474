package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class TroublesTest {

    private final RuntimeException full = new StateStoreException("the disk\n is full");

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final Troubles troubles = new Troubles(environment);

    private List<Trouble> present() {
        return troubles.present(TimeUnit.NANOSECONDS::toMicros);
    }

    @Test
    void aRepeatedErrorIsLoggedOnceWithItsStackTraceAndThenRarely() {
        for (int i = 0; i < 100; i++) {
            troubles.failed("raise floors", full);
            environment.pass(Duration.ofSeconds(1));
        }
        assertThat(log.messages(Level.WARN))
                .containsExactly(
                        "Cannot raise floors, and tries again: the disk is full",
                        "Still cannot raise floors, after 2 attempts in PT1S: the disk is full",
                        "Still cannot raise floors, after 4 attempts in PT3S: the disk is full",
                        "Still cannot raise floors, after 8 attempts in PT7S: the disk is full",
                        "Still cannot raise floors, after 16 attempts in PT15S: the disk is full",
                        "Still cannot raise floors, after 32 attempts in PT31S: the disk is full",
                        "Still cannot raise floors, after 64 attempts in PT1M3S: the disk is full");
        assertThat(log.traces()).containsExactly(true, false, false, false, false, false, false);
    }

    @Test
    void aRareErrorIsLoggedEveryTenMinutes() {
        for (int i = 0; i < 8; i++) {
            troubles.failed("enrol KBs", full);
            environment.pass(Duration.ofMinutes(5));
        }
        assertThat(log.messages(Level.WARN)).hasSize(5);
    }

    @Test
    void theEndIsOneLine() {
        troubles.failed("raise floors", full);
        environment.pass(Duration.ofSeconds(3));
        troubles.failed("raise floors", full);
        troubles.succeeded("raise floors");
        troubles.succeeded("raise floors");
        assertThat(log.messages(Level.INFO))
                .hasSize(3)
                .endsWith("Can raise floors again; 2 attempts had failed in PT3S");
        assertThat(present()).isEmpty();
    }

    @Test
    void anErrorThatComesAndGoesHasItsStackTraceOnlyOnce() {
        for (int i = 0; i < 3; i++) {
            troubles.failed("raise floors", full);
            troubles.succeeded("raise floors");
        }
        troubles.failed("raise floors", new IllegalStateException("another kind"));
        assertThat(log.traces()).containsExactly(true, false, false, false, false, false, true);
        environment.pass(Duration.ofMinutes(11));
        troubles.succeeded("raise floors");
        troubles.failed("raise floors", new IllegalStateException("another kind"));
        assertThat(log.traces()).as("long after").endsWith(false, true);
    }

    @Test
    void whatFailsIsShownWithItsTextSinceWhenAndHowOften() {
        environment.pass(Duration.ofSeconds(7));
        troubles.failed("raise floors", new IllegalStateException("first"));
        environment.pass(Duration.ofSeconds(1));
        troubles.failed("raise floors", full);
        troubles.failed("open epochs", full);
        assertThat(present())
                .containsExactly(
                        new Trouble("raise floors", "the disk is full", 7_000_000, 2),
                        new Trouble("open epochs", "the disk is full", 8_000_000, 1));
        assertThat(present().get(0))
                .hasToString("cannot raise floors: 2 attempts in a row have failed since 1970-01-01T00:00:07Z, the last"
                        + " one with: the disk is full");
    }

    @Test
    void whatNobodyTriesAnyMoreIsForgotten() {
        troubles.failed("raise floors", full);
        environment.pass(Duration.ofMinutes(15).minusNanos(1));
        assertThat(present()).hasSize(1);
        environment.pass(Duration.ofNanos(1));
        assertThat(present()).isEmpty();
    }

    @Test
    void anErrorIsKnownAlsoAsTheCauseOfAnother() {
        troubles.failed("raise floors", full);
        assertThat(troubles.isKnown(full)).isTrue();
        assertThat(troubles.isKnown(new IllegalStateException("wrapped", full))).isTrue();
        assertThat(troubles.isKnown(new StateStoreException("the disk\n is full")))
                .isFalse();
    }

    @Test
    void aStepIsWatched() {
        assertThatThrownBy(() -> troubles.watch("raise floors", () -> {
                    throw full;
                }))
                .isSameAs(full);
        assertThat(present()).hasSize(1);
        assertThat(troubles.watch("raise floors", () -> 7)).isEqualTo(7);
        assertThat(present()).isEmpty();
    }

    @Test
    void anErrorWhoseOwnMethodsThrowHarmsNothing() {
        troubles.failed("raise floors", new IllegalStateException() {
            @Override
            public String getMessage() {
                throw new IllegalStateException("no message either");
            }
        });
        assertThat(present().get(0).error()).contains("whose own methods throw");
    }

    @Test
    void theStepsAreBounded() {
        for (int i = 0; i < 1_000; i++) {
            troubles.failed("step " + i, full);
        }
        assertThat(present()).hasSize(100).last().extracting(Trouble::step).isEqualTo("step 999");
    }

    @Test
    void aTroubleIsReadBackFromWhatAReplicaReports() {
        Trouble trouble = new Trouble("raise floors", "the disk is full", 7, 3);
        assertThat(Trouble.read(trouble.toJson())).contains(trouble);
        assertThat(Trouble.read(Json.object().put("step", 7))).isEmpty();
        assertThat(Trouble.read(Json.object())).isEmpty();
        assertThat(new Trouble("x".repeat(1_000), "y".repeat(10_000), 7, 3)
                        .toJson()
                        .toString())
                .hasSizeLessThan(1_000);
    }
}
