package dev.kbmigrator.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RejectedRowExceptionTest {

    @Test
    void itNamesItsRowsWhateverBecomesOfTheGivenList() {
        List<String> kbIds = new ArrayList<>(List.of("kb-7"));
        RejectedRowException rejected = new RejectedRowException(kbIds, "too long", null);
        kbIds.clear();
        assertThat(rejected.kbIds()).containsExactly("kb-7");
        assertThat(rejected.kind()).isEqualTo(StateStoreException.Kind.DATA);
        assertThat(rejected).hasMessage("too long").hasNoCause();
    }

    @Test
    void itNamesAtLeastOneRow() {
        assertThatThrownBy(() -> new RejectedRowException(List.of(), "too long", null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one KB");
    }
}
