package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls to the store from the thread that the shield belongs to, unless a test says otherwise. */
class InterruptShieldTest {

    private final InterruptShield shield = new InterruptShield();
    private final List<Boolean> interrupted = new ArrayList<>();

    @AfterEach
    void clear() {
        Thread.interrupted();
    }

    /** Notes whether the thread is interrupted, without changing that. */
    private @Nullable Void note() {
        interrupted.add(Thread.currentThread().isInterrupted());
        return null;
    }

    @Test
    void theResultIsThatOfTheCall() {
        assertThat(shield.call(() -> "result")).isEqualTo("result");
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void anInterruptOutsideACallComesAtOnce() {
        shield.interrupt();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anInterruptDuringACallComesAfterIt() {
        shield.call(() -> {
            shield.interrupt();
            return note();
        });
        note();
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anInterruptFromBeforeTheCallIsBackAfterIt() {
        Thread.currentThread().interrupt();
        shield.call(this::note);
        note();
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anInterruptBetweenTwoCallsComesAtOnce() {
        shield.call(this::note);
        shield.interrupt();
        note();
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anInterruptSurvivesACallThatFails() {
        Supplier<@Nullable Void> failing = () -> {
            note();
            throw new IllegalStateException("the store is down");
        };
        assertThatThrownBy(() -> shield.call(failing)).hasMessage("the store is down");
        note();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> shield.call(failing)).hasMessage("the store is down");
        note();
        assertThat(interrupted).containsExactly(false, false, false, true);
    }

    @Test
    void anInterruptThatWasSwallowedComesAgainAfterTheNextCall() {
        shield.interrupt();
        Thread.interrupted();
        shield.call(this::note);
        note();
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anInterruptForAnEarlierExecutionIsForgotten() {
        shield.interrupt();
        Thread.interrupted();
        shield.reset();
        shield.call(this::note);
        note();
        assertThat(interrupted).containsExactly(false, false);
    }

    @Test
    void aCallInAnotherThreadIsNotShielded() {
        CompletableFuture.runAsync(() -> {
                    Thread.currentThread().interrupt();
                    shield.call(this::note);
                    Thread.interrupted();
                })
                .join();
        assertThat(interrupted).containsExactly(true);
    }

    @Test
    void aCallInAnotherThreadShieldsNobodyElse() {
        CompletableFuture.runAsync(() -> shield.call(() -> {
                    shield.interrupt();
                    return null;
                }))
                .join();
        assertThat(Thread.interrupted()).as("the thread of the execution").isTrue();
    }
}
