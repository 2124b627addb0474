package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read out of the first contact's row. */
class TableSearchTest {

    private static final Map<String, Integer> SCHEMAS =
            Map.of("public", 0, "kb", 0, "My, Schema", 0, "q\"uote", 0, "pg_catalog", 0);

    @Test
    void aSearchPathIsReadAsTheServerReadsIt() {
        assertThat(TableSearch.defaults("\"$user\", public", "kb", SCHEMAS)).isEqualTo(List.of("kb", "public"));
        assertThat(TableSearch.defaults("\"$user\", public", "nobody", SCHEMAS)).isEqualTo(List.of("public"));
        assertThat(TableSearch.defaults("pg_catalog,PUBLIC ,\"KB\"", "x", SCHEMAS))
                .isEqualTo(List.of("public"));
        assertThat(TableSearch.defaults("\"My, Schema\",\"q\"\"uote\"", "x", SCHEMAS))
                .isEqualTo(List.of("My, Schema", "q\"uote"));
        assertThat(TableSearch.defaults("\"\"", "x", SCHEMAS)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "5.5.5-10.11.19-MariaDB, true",
        "10.11.6-MariaDB-0+deb12u1, true",
        "11.4.5-mariadb, true",
        "8.0.36, false",
        "9.5.0-commercial, false"
    })
    void mariaDbIsRecognizedByItsVersion(String version, boolean mariaDb) {
        assertThat(TableSearch.isMariaDb(version)).isEqualTo(mariaDb);
    }

    @ParameterizedTest
    @CsvSource({
        "10.6.1-MariaDB, 10, 6, true",
        "10.5.9-MariaDB, 10, 6, false",
        "11.0.1, 10, 6, true",
        "8.0.11, 8, 0, true",
        "5.7.44-log, 8, 0, false",
        "3.41.2, 3, 42, false",
        "3.54.1, 3, 42, true",
        "unknown, 3, 42, true"
    })
    void versionsAreComparedByNumber(String version, int major, int minor, boolean atLeast) {
        assertThat(TableSearch.isAtLeast(version, major, minor)).isEqualTo(atLeast);
    }
}
