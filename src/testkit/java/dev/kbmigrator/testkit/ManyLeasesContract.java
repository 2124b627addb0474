package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Methods that take many names: they must give the same results as one call per name. */
@Checks(Rule.MANY)
interface ManyLeasesContract extends LockFixture {

    private List<String> names(int count) {
        return IntStream.range(0, count).mapToObj(i -> name() + "-" + i).toList();
    }

    @Test
    default void manyNamesAreAcquiredTogether() {
        List<String> names = names(64);
        Map<String, Lease> acquired = lock().tryAcquireAll(names, LONG);
        Items.assertAll("names acquired", acquired.keySet(), names);
        assertThat(acquired)
                .as("each lease has the name that it was asked for")
                .allSatisfy((name, lease) -> assertThat(lease.name())
                        .as("the name of the lease of %s", name)
                        .isEqualTo(name));
        assertThat(other().tryAcquireAll(names, LONG))
                .as("second leases of names that are held")
                .isEmpty();
    }

    @Test
    default void namesThatAreHeldAreMissing() {
        List<String> names = names(6);
        Lease held = acquired(other(), names.get(1), LONG);
        acquired(other(), names.get(4), LONG);
        assertThat(lock().tryAcquireAll(names, LONG))
                .as("the leases of those names that are not held")
                .containsOnlyKeys(names.get(0), names.get(2), names.get(3), names.get(5));
        held.release();
        assertThat(lock().tryAcquireAll(names, LONG))
                .as("the leases of those names that are not held, after one was released")
                .containsOnlyKeys(names.get(1));
    }

    @Test
    default void noNamesAreNoError() {
        assertThat(lock().tryAcquireAll(List.of(), LONG))
                .as("the leases of no names")
                .isEmpty();
        assertThat(lock().renewAll(List.of(), LONG))
                .as("the renewals of no leases")
                .isEmpty();
        lock().releaseAll(List.of());
    }

    @Test
    default void eachLeaseOfManyIsALeaseOfItsOwn() {
        List<String> names = names(3);
        Map<String, Lease> leases = lock().tryAcquireAll(names, LONG);
        lease(leases, names.get(1)).release();
        assertThat(lease(leases, names.get(0)).renew(LONG))
                .as("the renewal of a lease whose neighbour was released")
                .isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquireAll(names, LONG))
                .as("the leases of those names that are not held")
                .containsOnlyKeys(names.get(1));
    }

    @Test
    default void manyLeasesAreRenewedTogether() {
        Map<String, Lease> leases = lock().tryAcquireAll(names(64), LONG);
        Items.assertAll("leases renewed", held(lock().renewAll(leases.values(), LONG)), leases.keySet());
    }

    @Test
    default void ofManyRenewalsEachIsAnsweredForItself() throws Exception {
        List<String> names = names(5);
        Map<String, Lease> leases = new HashMap<>(lock().tryAcquireAll(names.subList(0, 3), shortTtl()));
        expireNow(lease(leases, names.get(0)));
        Map<String, Lease> taken = other().tryAcquireAll(names.subList(0, 3), LONG);
        Items.assertAll("names taken over", taken.keySet(), names.subList(0, 3));
        leases.putAll(other().tryAcquireAll(names.subList(3, 5), LONG));
        lease(leases, names.get(4)).release();
        Map<String, Renewal> renewals = other().renewAll(leases.values(), LONG);
        for (int i = 0; i < 5; i++) {
            assertThat(renewals)
                    .as("the renewals; only the fourth lease is still held")
                    .containsEntry(names.get(i), i == 3 ? Renewal.HELD : Renewal.LOST);
        }
        Items.assertAll(
                "leases renewed that were taken over", held(other().renewAll(taken.values(), LONG)), taken.keySet());
    }

    @Test
    default void manyLeasesAreReleasedTogether() {
        List<String> names = names(64);
        Map<String, Lease> leases = lock().tryAcquireAll(names, LONG);
        lock().releaseAll(leases.values());
        lock().releaseAll(leases.values());
        Items.assertAll(
                "names acquired after their release",
                other().tryAcquireAll(names, LONG).keySet(),
                names);
    }

    @Test
    default void releasingManyFreesOnlyWhatIsStillOwned() throws Exception {
        List<String> names = names(3);
        Map<String, Lease> late = lock().tryAcquireAll(names, shortTtl());
        expireNow(lease(late, names.get(0)));
        Lease owner = acquired(other(), names.get(1), LONG);
        lock().releaseAll(new ArrayList<>(late.values()));
        assertThat(owner.renew(LONG))
                .as("the renewal of the new owner's lease after the old owners released theirs")
                .isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquireAll(names, LONG))
                .as("the leases of those names that the old owners' release freed")
                .containsOnlyKeys(names.get(0), names.get(2));
    }

    private static Lease lease(Map<String, Lease> leases, String name) {
        Lease lease = leases.get(name);
        if (lease == null) {
            throw new AssertionError("the name " + name + " should be free, but could not be acquired");
        }
        return lease;
    }

    private static Set<String> held(Map<String, Renewal> renewals) {
        return renewals.entrySet().stream()
                .filter(renewal -> renewal.getValue() == Renewal.HELD)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** The engine holds up to 257 leases at a time. */
    @Test
    default void hundredsOfNamesAreAcquiredRenewedAndReleasedTogether() {
        List<String> names = names(300);
        Map<String, Lease> leases = lock().tryAcquireAll(names, LONG);
        Items.assertAll("names acquired", leases.keySet(), names);
        Items.assertAll("leases renewed", held(lock().renewAll(leases.values(), LONG)), names);
        assertThat(other().tryAcquireAll(names, LONG))
                .as("second leases of names that are held")
                .isEmpty();
        lock().releaseAll(leases.values());
        Items.assertAll(
                "names acquired after their release",
                other().tryAcquireAll(names, LONG).keySet(),
                names);
    }
}
