package dev.kbmigrator.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.fixture.ManualEnvironment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ServiceOutageTest {

    private static final long PATIENCE = Duration.ofSeconds(5).toNanos();

    private final ManualEnvironment environment = new ManualEnvironment();
    private final ServiceOutage outage = new ServiceOutage(environment);

    private void respond() {
        assertThat(outage.watch(() -> "response")).isEqualTo("response");
    }

    private RuntimeException fail(String message) {
        RuntimeException error = new IllegalStateException(message);
        assertThatThrownBy(() -> outage.watch(() -> {
                    throw error;
                }))
                .isSameAs(error);
        return error;
    }

    private void pass(long nanos) {
        environment.pass(Duration.ofNanos(nanos));
    }

    @Test
    void thereIsHopeBeforeTheFirstCall() {
        pass(2 * PATIENCE);
        assertThat(outage.hopeless(PATIENCE)).isNull();
    }

    @Test
    void aServiceThatRespondsIsNotHopeless() {
        respond();
        pass(2 * PATIENCE);
        assertThat(outage.hopeless(PATIENCE)).isNull();
    }

    @Test
    void aServiceThatHasNeverRespondedIsHopelessAtOnce() {
        RuntimeException error = fail("no such host");
        assertThat(outage.hopeless(PATIENCE)).isSameAs(error);
    }

    @Test
    void aServiceThatOnceRespondedIsGivenTime() {
        respond();
        RuntimeException error = fail("timed out");
        pass(PATIENCE);
        assertThat(outage.hopeless(PATIENCE)).isNull();
        pass(1);
        assertThat(outage.hopeless(PATIENCE)).isSameAs(error);
    }

    @Test
    void theOutageBeginsWithItsFirstErrorAndShowsItsLast() {
        respond();
        fail("timed out");
        pass(PATIENCE);
        RuntimeException last = fail("timed out again");
        assertThat(outage.hopeless(PATIENCE)).isNull();
        pass(1);
        assertThat(outage.hopeless(PATIENCE)).isSameAs(last);
    }

    @Test
    void aResponseEndsTheOutage() {
        fail("no such host");
        pass(2 * PATIENCE);
        respond();
        assertThat(outage.hopeless(PATIENCE)).isNull();
        fail("timed out");
        assertThat(outage.hopeless(PATIENCE)).as("the next one begins anew").isNull();
    }

    @Test
    void anErrorOfTheJvmCountsToo() {
        Error error = new NoClassDefFoundError("a driver");
        assertThatThrownBy(() -> outage.watch(() -> {
                    throw error;
                }))
                .isSameAs(error);
        assertThat(outage.hopeless(PATIENCE)).isSameAs(error);
    }
}
