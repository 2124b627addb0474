package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.InvalidKbIdException;
import org.junit.jupiter.api.Test;

class KbIdsTest {

    @Test
    void theProblemWithAnIdIsNamed() {
        assertThat(KbIds.problemWith(null)).isEqualTo("a KB id is null");
        assertThat(KbIds.problemWith(" \t")).isEqualTo("the KB id \" \\t\" is blank");
        assertThat(KbIds.problemWith("\0b")).isEqualTo("the KB id \"\\u0000b\" contains a NUL");
        assertThat(KbIds.problemWith("a\uD800")).isEqualTo("the KB id \"a\\uD800\" contains a lone surrogate");
        assertThat(KbIds.problemWith("é".repeat(128)))
                .isEqualTo("the KB id \"" + "é".repeat(59) + "…\" has 256 UTF-8 bytes");
    }

    @Test
    void anIdMayHave255Bytes() {
        String longest = "é".repeat(127) + "e";
        assertThat(KbIds.problemWith(longest)).isNull();
        assertThat(KbIds.check(longest)).isEqualTo(longest);
    }

    @Test
    void anInvalidIdIsRefusedWithWhatIsExpected() {
        assertThatThrownBy(() -> KbIds.check(""))
                .isInstanceOf(InvalidKbIdException.class)
                .hasMessage(
                        "the KB id \"\" is blank. Expected: not blank, at most 255 UTF-8 bytes, no NUL, no lone surrogate");
    }
}
