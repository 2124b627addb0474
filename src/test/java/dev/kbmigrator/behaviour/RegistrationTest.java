package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.MemoryFleet;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class RegistrationTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    @Test
    void aNewKbStartsAtTheNewestVersionAnnouncedOrNot() {
        Migrator migrator = fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2), fleet.recording(3));
        migrator.registerKb("before");
        assertThat(fleet.version("before")).isEqualTo(3);
        fleet.kbs.add("before");
        fleet.kbs.add("old");
        migrator.run();
        migrator.registerKb("after");
        assertThat(fleet.version("after")).isEqualTo(3);
        assertThat(fleet.ran).containsExactly("1/old", "2/", "3/old");
        assertThat(migrator.run().kbMigrations()).isZero();
    }

    @Test
    void registeringAgainOrLateLeavesTheKbAsItIs() {
        fleet.kbs.add("kb");
        fleet.migrator(fleet.recording(1)).run();
        Migrator newer = fleet.migrator(fleet.recording(1), fleet.recording(2));
        newer.registerKb("kb");
        assertThat(fleet.version("kb")).isEqualTo(1);
        newer.run();
        assertThat(fleet.ran).containsExactly("1/kb", "2/kb");
    }

    @Test
    void aSecondRegistrationIsOneCall() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.registerKb("one");
        fleet.storeCalls.calls.clear();
        migrator.registerKb("two");
        assertThat(fleet.storeCalls.calls).containsExactly("enroll");
    }

    @Test
    void aBuildThatConflictsMayNotRegister() {
        fleet.migrator(fleet.recording(1)).run();
        Migrator conflicting = fleet.migrator(KbMigration.of(1, "other", (context, kbId) -> {}));
        assertThatThrownBy(() -> conflicting.registerKb("kb"))
                .isInstanceOf(InvalidMigrationsException.class)
                .hasMessageContaining("0001_other");
        assertThat(fleet.version("kb")).isEqualTo(-1);
    }

    @Test
    void aStoreThatIsDownIsTheCallersToKnow() {
        fleet.storeCalls.fail(() -> new StateStoreException("connection refused"));
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(() -> migrator.registerKb("kb")).hasMessageContaining("connection refused");
        fleet.storeCalls.mend();
        migrator.registerKb("kb");
        assertThat(fleet.version("kb")).isEqualTo(1);
    }

    @Test
    void aStoreThatCannotJoinATransactionSaysSo() {
        Connection connection = (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    throw new AssertionError("not to be used");
                });
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(() -> migrator.registerKb(connection, "kb"))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("registerKb(kbId)");
    }

    @Test
    void aForgottenKbIsNotTouchedAgain() {
        fleet.kbs.add("kb");
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.registerKb("gone");
        migrator.forgetKb("gone");
        migrator.forgetKb("never there");
        migrator.run();
        assertThat(fleet.version("gone")).isEqualTo(-1);
    }

    @Test
    void withoutMigrationsAKbStartsAtTheBaseline() {
        Migrator migrator = fleet.migrator(builder -> builder.baselineVersion(7));
        migrator.registerKb("kb");
        assertThat(fleet.version("kb")).isEqualTo(7);
    }
}
