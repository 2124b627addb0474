package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two services over the same tables, by mistake: neither touches the other's KBs. */
@Timeout(20)
class FleetNameTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private Migrator service(UnaryOperator<MigratorBuilder> name, KnowledgeBoxes list) {
        return fleet.migrator(
                builder -> name.apply(builder).knowledgeBoxes(list).listingInterval(Duration.ofMillis(30)),
                fleet.recording(1));
    }

    private Migrator named(String name, String... kbs) {
        return service(builder -> builder.fleet(name), () -> List.of(kbs).stream());
    }

    private Migrator unnamed(String... kbs) {
        return service(builder -> builder, () -> List.of(kbs).stream());
    }

    private void letLook() {
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 40);
    }

    private void assertOnlyOrders() {
        assertThat(fleet.memory.find(Set.of("order-1", "user-1"))).containsOnlyKeys("order-1");
        assertThat(fleet.ran).containsExactly("1/order-1");
    }

    private static void assertRefused(Migrator stranger) {
        assertThatThrownBy(() -> stranger.registerKb("user-2")).isInstanceOf(InvalidMigrationsException.class);
        assertThatThrownBy(() -> stranger.forgetKb("order-1")).isInstanceOf(InvalidMigrationsException.class);
        assertThatThrownBy(() -> stranger.migrateKb("user-3")).isInstanceOf(InvalidMigrationsException.class);
        assertThatThrownBy(stranger::removeCap).isInstanceOf(InvalidMigrationsException.class);
        assertThat(stranger.readiness().ready()).isFalse();
    }

    @Test
    void aBuildOfAnotherFleetChangesNothing() {
        Migrator orders = named("orders", "order-1");
        orders.run();
        orders.start();
        for (Migrator users : List.of(named("users", "user-1"), unnamed("user-1"))) {
            assertThatThrownBy(users::run)
                    .isInstanceOf(InvalidMigrationsException.class)
                    .hasMessageContaining("the tables belong to the fleet \"orders\"");
            users.start();
            MemoryFleet.await()
                    .untilAsserted(() -> assertThat(users.readiness().reason())
                            .hasValueSatisfying(why -> assertThat(why).contains("\"orders\"")));
            letLook();
            assertOnlyOrders();
            assertRefused(users);
            assertThat(users.status().waitingFor()).singleElement().asString().contains("\"orders\"");
        }
        orders.registerKb("order-2");
        assertThat(fleet.version("order-2")).isEqualTo(1);
    }

    @Test
    void aBuildOfAnotherFleetSkipsNothingThatWasAskedFor() {
        Migrator orders = named("orders", "order-1");
        orders.run();
        fleet.memory.compareAndSet("now/request/x", 0, "{\"kbId\":\"order-1\",\"skip\":9}", null);
        Migrator users = named("users", "user-1");
        users.start();
        letLook();
        assertThat(fleet.version("order-1")).isEqualTo(1);
        assertThat(fleet.memory.documents("now/request/")).hasSize(1);
    }

    @Test
    void aNamedBuildStandsByUntilTheFleetHasItsName() {
        Migrator before = unnamed("order-1");
        before.run();
        before.close();
        Migrator orders = named("orders", "order-1", "order-2");
        assertThat(orders.run().standingBy())
                .hasValueSatisfying(why -> assertThat(why).contains("nameFleet"));
        orders.start();
        letLook();
        assertOnlyOrders();
        assertRefused(orders);
        orders.nameFleet("orders", "two services share a database");
        MemoryFleet.await().until(() -> fleet.version("order-2") == 1);
        MemoryFleet.await().until(() -> orders.readiness().ready());
        orders.registerKb("order-3");
        assertThat(log.messages(Level.WARN))
                .anyMatch(line -> line.startsWith("The fleet was named \"orders\" by ")
                        && line.endsWith("(before: \"\"): two services share a database"));
        assertThatThrownBy(unnamed("order-1")::run).isInstanceOf(InvalidMigrationsException.class);
    }

    @Test
    void aLiveReplicaWithoutTheNameKeepsTheFleetFromBeingNamed() {
        Migrator old = unnamed("order-1");
        old.start();
        MemoryFleet.await().until(() -> old.readiness().ready());
        assertThatThrownBy(() -> old.nameFleet("orders", "too early"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("Stop them first");
    }

    @Test
    void anotherLiveReplicaOfAnUnnamedFleetKeepsItFromBeingNamed() {
        Migrator old = unnamed("order-1");
        old.start();
        MemoryFleet.await().until(() -> fleet.memory.document("now/state").isPresent());
        Migrator orders = named("orders", "order-1");
        assertThatThrownBy(() -> orders.nameFleet("orders", "too early"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContainingAll("cannot be named \"orders\"", "Stop them first");
        old.close();
        orders.nameFleet("orders", "nobody is left");
        assertThat(orders.run().currentVersion()).isEqualTo(1);
    }

    @Test
    void aNameThatCannotBeShownIsRefused() {
        for (String name : List.of("", " ", "a\nb", "a\0", "x".repeat(201))) {
            assertThatThrownBy(() -> named(name)).isInstanceOf(InvalidMigrationsException.class);
            assertThatThrownBy(() -> unnamed().nameFleet(name, "why")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aReplicaThatConflictsWithThePlanNeitherListsNorForgets() {
        fleet.kbs.add("kb-1");
        fleet.migrator(fleet.recording(1)).run();
        Migrator renamed = fleet.migrator(
                builder ->
                        builder.knowledgeBoxes(() -> List.of("other").stream()).listingInterval(Duration.ofMillis(30)),
                KbMigration.of(1, "renamed", (context, kbId) -> {}));
        renamed.start();
        fleet.advance(Duration.ofMinutes(6));
        letLook();
        assertThat(fleet.memory.find(Set.of("kb-1", "other"))).containsOnlyKeys("kb-1");
        assertThat(renamed.readiness().reason())
                .hasValueSatisfying(why -> assertThat(why).contains("conflict", "0001_renamed"));
        assertThatThrownBy(() -> renamed.migrateKb("other")).isInstanceOf(InvalidMigrationsException.class);
        assertThat(fleet.memory.find(Set.of("other"))).isEmpty();
    }

    /** It runs what the plan has in common, but what its host says of a KB counts for nothing. */
    @Test
    void aReplicaThatConflictsWithThePlanRemovesNoKb() {
        fleet.kbs.add("kb-1");
        fleet.migrator(fleet.recording(1), fleet.recording(2)).run();
        fleet.memory.enroll(List.of("late"), 0);
        AtomicBoolean ran = new AtomicBoolean();
        KnowledgeBoxes list = new KnowledgeBoxes() {
            @Override
            public Stream<String> ids() {
                return Stream.empty();
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                return ran.get() ? List.of() : kbIds;
            }
        };
        Migrator conflict = fleet.migrator(
                builder -> builder.knowledgeBoxes(list),
                KbMigration.of(1, "kb_1", (context, kbId) -> {
                    ran.set(true);
                    throw new IllegalStateException("not here");
                }),
                KbMigration.of(2, "renamed", (context, kbId) -> {}));
        conflict.start();
        MemoryFleet.await().until(() -> fleet.failures("late") > 0);
        assertThat(fleet.version("late")).isZero();
    }

    @Test
    void aHostMayWantItsStartupToFailForAConflict() {
        fleet.migrator(fleet.recording(1)).run();
        KbMigration renamed = KbMigration.of(1, "renamed", (context, kbId) -> {});
        Migrator failing = fleet.migrator(MigratorBuilder::failOnConflict, renamed);
        assertThatThrownBy(failing::start)
                .isInstanceOf(InvalidMigrationsException.class)
                .hasMessageContaining("0001_renamed");
        assertThat(failing.readiness().ready()).isFalse();
        Migrator fits = fleet.migrator(MigratorBuilder::failOnConflict, fleet.recording(1));
        fits.start();
        MemoryFleet.await().until(() -> fits.readiness().ready());
    }

    @Test
    void aStoreThatIsAwayFailsNoStartup() {
        fleet.storeCalls.fail(() -> new StateStoreException("away"), "document");
        Migrator migrator = fleet.migrator(MigratorBuilder::failOnConflict, fleet.recording(1));
        migrator.start();
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> migrator.readiness().ready());
    }
}
