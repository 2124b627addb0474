package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.KbRequest;
import org.junit.jupiter.api.Test;

class HeldPartitionTest {

    private static final KbRequest REQUEST = new KbRequest("document", 1, "kb", 0, "");

    private final HeldScope scope = FrozenEnvironment.held(() -> {});
    private final HeldPartition held = new HeldPartition(scope);

    @Test
    void itsNumberIsThatOfItsScope() {
        assertThat(held.scope()).isSameAs(scope);
        assertThat(held.partition()).isEqualTo(scope.epoch().scope());
    }

    @Test
    void aKbIsUnderWayOnlyOnce() {
        assertThat(held.isQuiet()).isTrue();
        assertThat(held.begin("kb")).isTrue();
        assertThat(held.begin("kb")).isFalse();
        assertThat(held.begin("other")).isTrue();
        assertThat(held.inFlight()).isEqualTo(2);
        assertThat(held.isInFlight("kb")).isTrue();
        assertThat(held.isInFlight("another")).isFalse();
        assertThat(held.isQuiet()).isFalse();
    }

    @Test
    void itIsQuietOnceEveryKbIsSettledOrDropped() {
        held.begin("kb");
        held.begin("other");
        held.settled("kb");
        assertThat(held.isQuiet()).isFalse();
        held.dropped("other");
        assertThat(held.isQuiet()).isTrue();
    }

    @Test
    void aRequestIsAnsweredWhenItsKbIsSettled() {
        held.begin("kb");
        held.serves(REQUEST);
        held.settled("other");
        assertThat(held.answered()).isEmpty();
        held.settled("kb");
        held.settled("kb");
        assertThat(held.answered()).containsExactly(REQUEST);
    }

    @Test
    void aRequestWhoseKbIsDroppedIsNotAnswered() {
        held.begin("kb");
        held.serves(REQUEST);
        held.dropped("kb");
        held.begin("kb");
        held.settled("kb");
        assertThat(held.answered()).isEmpty();
    }

    @Test
    void aDeletedRequestIsRemembered() {
        assertThat(held.isDeleted(REQUEST)).isFalse();
        held.deleted(REQUEST);
        assertThat(held.isDeleted(REQUEST)).isTrue();
        assertThat(held.isDeleted(new KbRequest("document", 2, "kb", 0, "")))
                .as("a newer one")
                .isFalse();
    }

    @Test
    void itRemembersThatAKbWasSkippedOrHasMoved() {
        assertThat(held.hasSkipped()).isFalse();
        assertThat(held.hasProgressed()).isFalse();
        held.skip();
        assertThat(held.hasProgressed()).isFalse();
        held.progressed();
        assertThat(held.hasSkipped()).isTrue();
        assertThat(held.hasProgressed()).isTrue();
    }
}
