package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The life of one lease: acquired, renewed, lost or released. */
interface LeaseContract extends LockFixture {

    @Test
    default void aFreeNameIsAcquired() {
        Lease lease = acquired(lock(), name(), LONG);
        assertThat(lease.name()).isEqualTo(name());
    }

    @Test
    default void aNameHasAtMostOneLiveLease() {
        acquired(lock(), name(), LONG);
        assertThat(other().tryAcquire(name(), LONG)).isEmpty();
        assertThat(other().tryAcquire(name(), shortTtl())).isEmpty();
    }

    @Test
    default void aRefusedAttemptLeavesTheLeaseAsItIs() throws Exception {
        Lease lease = acquired(lock(), name(), shortTtl());
        if (other().tryAcquire(name(), LONG).isPresent()) {
            return; // The machine stalled until the lease had expired, so the test proves nothing
        }
        expireNow(lease);
        assertThat(other().tryAcquire(name(), LONG))
                .as("the name after its lease expired, which the refused call must not extend")
                .isPresent();
    }

    @Test
    default void contentionIsAnsweredWithoutWaiting() {
        acquired(lock(), name(), LONG);
        long start = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(other().tryAcquire(name(), LONG)).isEmpty();
        }
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
                .as("seconds for 10 calls")
                .isLessThan(10);
    }

    @Test
    default void aLockIsNotReEntrant() {
        acquired(lock(), name(), LONG);
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
    }

    @Test
    default void namesAreIndependent() {
        List<String> names = List.of(
                name(), name() + "-1", name() + "-10", name() + "-2", name() + "/1", name() + "_1", name() + "%");
        names.forEach(each -> acquired(lock(), each, LONG));
        names.forEach(each -> assertThat(other().tryAcquire(each, LONG)).isEmpty());
    }

    @Test
    default void releasingOneNameLeavesTheOthers() {
        Lease first = acquired(lock(), name() + "-1", LONG);
        Lease second = acquired(lock(), name() + "-10", LONG);
        first.release();
        assertThat(second.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquire(name() + "-10", LONG)).isEmpty();
    }

    @Test
    default void aNameOf100CharactersFits() {
        String base = (name() + "-" + "n".repeat(100)).substring(0, 99);
        Lease first = acquired(lock(), base + "1", LONG);
        Lease second = acquired(lock(), base + "2", LONG);
        assertThat(first.name()).isEqualTo(base + "1");
        assertThat(other().tryAcquire(base + "1", LONG)).isEmpty();
        first.release();
        assertThat(other().tryAcquire(base + "2", LONG)).isEmpty();
        assertThat(second.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    default void aReleasedNameIsAcquiredAtOnce() {
        for (int i = 0; i < 5; i++) {
            acquired(i % 2 == 0 ? lock() : other(), name(), LONG).release();
        }
        assertThat(lock().tryAcquire(name(), LONG)).isPresent();
    }

    @Test
    default void anExpiredNameIsAcquiredAtOnce() throws Exception {
        Lease lease = acquired(lock(), name(), shortTtl());
        expireNow(lease);
        assertThat(other().tryAcquire(name(), LONG)).isPresent();
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
    }

    @Test
    default void aLiveLeaseIsRenewedAgainAndAgain() {
        Lease lease = acquired(lock(), name(), LONG);
        for (int i = 0; i < 5; i++) {
            assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
            assertThat(other().tryAcquire(name(), LONG)).isEmpty();
        }
    }

    @Test
    default void aLeaseThatExpiredUntakenIsHeldOrLostButNotBoth() throws Exception {
        Lease lease = acquired(lock(), name(), shortTtl());
        expireNow(lease);
        Renewal renewal = lease.renew(LONG);
        assertThat(lease.renew(LONG)).as("the second renewal").isEqualTo(renewal);
        boolean taken = other().tryAcquire(name(), LONG).isPresent();
        assertThat(taken)
                .as("the name can be acquired after the renewal was %s", renewal)
                .isEqualTo(renewal == Renewal.LOST);
        assertThat(lease.renew(LONG)).as("the third renewal").isEqualTo(renewal);
    }

    @Test
    default void aLeaseThatWasTakenIsLost() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(other(), name(), LONG);
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        assertThat(owner.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
    }

    @Test
    default void aLostLeaseStaysLostWhenTheNameIsFreeAgain() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(other(), name(), LONG);
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        owner.release();
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        assertThat(other().tryAcquire(name(), LONG))
                .as("the name, which the late renewal must not take")
                .isPresent();
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
    }

    @Test
    default void aLateRenewalExtendsNothing() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(lock(), name(), shortTtl());
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        expireNow(owner);
        assertThat(other().tryAcquire(name(), LONG)).isPresent();
    }

    @Test
    default void aLateReleaseDoesNotFreeTheNewOwnersName() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(other(), name(), LONG);
        late.release();
        late.release();
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
        assertThat(owner.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    default void aReleaseMayBeRepeatedAndFreesOnlyItsOwn() {
        Lease first = acquired(lock(), name(), LONG);
        first.release();
        first.release();
        Lease second = acquired(other(), name(), LONG);
        first.release();
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
        assertThat(second.renew(LONG)).isEqualTo(Renewal.HELD);
    }

    @Test
    default void aReleasedLeaseIsLost() {
        Lease released = acquired(lock(), name(), LONG);
        released.release();
        assertThat(released.renew(LONG)).isEqualTo(Renewal.LOST);
        acquired(other(), name(), LONG);
        assertThat(released.renew(LONG)).isEqualTo(Renewal.LOST);
    }

    @Test
    default void aLeaseIsBoundToNoThread() {
        Lease lease = CompletableFuture.supplyAsync(() -> acquired(lock(), name(), LONG))
                .join();
        assertThat(lock().tryAcquire(name(), LONG)).isEmpty();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(CompletableFuture.supplyAsync(() -> lease.renew(LONG)).join())
                .isEqualTo(Renewal.HELD);
        CompletableFuture.runAsync(lease::release).join();
        assertThat(other().tryAcquire(name(), LONG)).isPresent();
    }
}
