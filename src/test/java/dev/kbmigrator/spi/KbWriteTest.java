package dev.kbmigrator.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** What every store relies on when it is given a write. */
class KbWriteTest {

    @Test
    void aVersionThatSinksOrStaysIsNoAdvance() {
        assertThat(new KbWrite.Advanced("kb", 1, 2, 3).to()).isEqualTo(3);
        assertThatThrownBy(() -> new KbWrite.Advanced("kb", 1, 3, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("kb")
                .hasMessageContaining("from 3 to 2");
        assertThatThrownBy(() -> new KbWrite.Advanced("kb", 1, 3, 3)).isInstanceOf(IllegalArgumentException.class);
    }
}
