package dev.kbmigrator.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ServicesTest {

    private final Services services = new Services(Map.of(CharSequence.class, "text", Integer.class, 7));

    @Test
    void aServiceIsFoundByItsRegisteredType() {
        assertThat(services.get(CharSequence.class)).isEqualTo("text");
        assertThat(services.get(Integer.class)).isEqualTo(7);
    }

    @Test
    void aServiceThatIsNotRegisteredIsAClearError() {
        assertThatThrownBy(() -> services.get(String.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "no service is registered as java.lang.String, only [java.lang.CharSequence,"
                                + " java.lang.Integer]: register it with service(String.class, ...) when building the migrator");
    }
}
