package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Methods that take many names: they must give the same results as one call per name. */
interface ManyLeasesContract extends LockFixture {

    private List<String> names(int count) {
        return IntStream.range(0, count).mapToObj(i -> name() + "-" + i).toList();
    }

    @Test
    default void manyNamesAreAcquiredTogether() {
        List<String> names = names(64);
        Map<String, Lease> acquired = lock().tryAcquireAll(names, LONG);
        assertThat(acquired.keySet()).containsExactlyInAnyOrderElementsOf(names);
        assertThat(acquired)
                .allSatisfy((name, lease) -> assertThat(lease.name()).isEqualTo(name));
        assertThat(other().tryAcquireAll(names, LONG)).isEmpty();
    }

    @Test
    default void namesThatAreHeldAreMissing() {
        List<String> names = names(6);
        Lease held = acquired(other(), names.get(1), LONG);
        acquired(other(), names.get(4), LONG);
        assertThat(lock().tryAcquireAll(names, LONG))
                .containsOnlyKeys(names.get(0), names.get(2), names.get(3), names.get(5));
        held.release();
        assertThat(lock().tryAcquireAll(names, LONG)).containsOnlyKeys(names.get(1));
    }

    @Test
    default void noNamesAreNoError() {
        assertThat(lock().tryAcquireAll(List.of(), LONG)).isEmpty();
        assertThat(lock().renewAll(List.of(), LONG)).isEmpty();
        lock().releaseAll(List.of());
    }

    @Test
    default void eachLeaseOfManyIsALeaseOfItsOwn() {
        List<String> names = names(3);
        Map<String, Lease> leases = lock().tryAcquireAll(names, LONG);
        lease(leases, names.get(1)).release();
        assertThat(lease(leases, names.get(0)).renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquireAll(names, LONG)).containsOnlyKeys(names.get(1));
    }

    @Test
    default void manyLeasesAreRenewedTogether() {
        Map<String, Lease> leases = lock().tryAcquireAll(names(64), LONG);
        assertThat(lock().renewAll(leases.values(), LONG))
                .hasSize(64)
                .containsOnlyKeys(leases.keySet())
                .allSatisfy((name, renewal) -> assertThat(renewal).isEqualTo(Renewal.HELD));
    }

    @Test
    default void ofManyRenewalsEachIsAnsweredForItself() throws Exception {
        List<String> names = names(5);
        Map<String, Lease> leases = new HashMap<>(lock().tryAcquireAll(names.subList(0, 3), shortTtl()));
        expireNow(lease(leases, names.get(0)));
        Map<String, Lease> taken = other().tryAcquireAll(names.subList(0, 3), LONG);
        assertThat(taken).hasSize(3);
        leases.putAll(other().tryAcquireAll(names.subList(3, 5), LONG));
        lease(leases, names.get(4)).release();
        Map<String, Renewal> renewals = other().renewAll(leases.values(), LONG);
        for (int i = 0; i < 5; i++) {
            assertThat(renewals).containsEntry(names.get(i), i == 3 ? Renewal.HELD : Renewal.LOST);
        }
        assertThat(other().renewAll(taken.values(), LONG)).hasSize(3).doesNotContainValue(Renewal.LOST);
    }

    @Test
    default void manyLeasesAreReleasedTogether() {
        List<String> names = names(64);
        Map<String, Lease> leases = lock().tryAcquireAll(names, LONG);
        lock().releaseAll(leases.values());
        lock().releaseAll(leases.values());
        assertThat(other().tryAcquireAll(names, LONG)).hasSize(64);
    }

    @Test
    default void releasingManyFreesOnlyWhatIsStillOwned() throws Exception {
        List<String> names = names(3);
        Map<String, Lease> late = lock().tryAcquireAll(names, shortTtl());
        expireNow(lease(late, names.get(0)));
        Lease owner = acquired(other(), names.get(1), LONG);
        lock().releaseAll(new ArrayList<>(late.values()));
        assertThat(owner.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquireAll(names, LONG)).containsOnlyKeys(names.get(0), names.get(2));
    }

    private static Lease lease(Map<String, Lease> leases, String name) {
        Lease lease = leases.get(name);
        if (lease == null) {
            throw new AssertionError("the name " + name + " should be free, but could not be acquired");
        }
        return lease;
    }
}
