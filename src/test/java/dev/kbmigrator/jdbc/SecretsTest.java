package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Passwords are in no text that the library makes. */
class SecretsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:h2:tcp://db/kb;USER=sa;PASSWORD=s3cret;MODE=MySQL",
                "jdbc:postgresql://db/kb?user=kb&password=s3cret&ssl=true",
                "jdbc:postgresql://db/kb?sslpassword=s3cret",
                "jdbc:mariadb://kb:s3cret@db:3306/kb",
                "jdbc:mysql://address=(host=db)(user=kb)(password=s3cret)(port=3306)/kb",
                "jdbc:mariadb://db/kb?trustStorePassword=s3cret,keyPassword=s3cret",
                "Pool[password: 's3cret', user=kb]",
                "{\"passphrase\": \"s3cret\"}",
                "cannot connect with pwd = s3cret"
            })
    void passwordsAreMasked(String text) {
        assertThat(Secrets.masked(text)).doesNotContain("s3cret").contains("***");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"password authentication failed for user \"kb\"", "no colon here @ all", "http://db:5432/kb"})
    void whatIsNoPasswordStays(String text) {
        assertThat(Secrets.masked(text)).isEqualTo(text);
    }

    @Test
    void settingsDoNotShowThePasswordInAnH2Url() {
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL("jdbc:h2:mem:x;USER=sa;PASSWORD=s3cret");
        assertThat(JdbcSettings.of(h2).toString())
                .doesNotContain("s3cret")
                .contains("jdbc:h2:mem:x", "kb_migrator_", "PT5S");
    }

    @Test
    void aDriversMessageIsPassedOnWithoutItsPassword() {
        SQLException inner = new SQLException("url password=s3cret", "08001", 7);
        SQLException error = new SQLException("cannot connect to jdbc:x:;PASSWORD=s3cret", "08001", 5, inner);
        DataSource broken = DatabaseTest.failing(DataSource.class, error);
        assertThatThrownBy(() -> JdbcStateStore.create(broken).count(1))
                .hasMessageContaining("cannot connect to jdbc:x:")
                .satisfies(thrown -> {
                    StringWriter trace = new StringWriter();
                    thrown.printStackTrace(new PrintWriter(trace, true));
                    assertThat(trace.toString()).doesNotContain("s3cret");
                    assertThat(thrown).cause().isInstanceOfSatisfying(SQLException.class, cause -> {
                        assertThat(cause.getErrorCode()).isEqualTo(5);
                        assertThat(cause.getSQLState()).isEqualTo("08001");
                    });
                });
    }
}
