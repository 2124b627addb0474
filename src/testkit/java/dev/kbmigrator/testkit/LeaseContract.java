package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The life of one lease: acquired, renewed, lost or released. */
@Checks(Rule.OWNER)
interface LeaseContract extends LockFixture {

    @Test
    @Checks(Rule.FREE)
    default void aFreeNameIsAcquired() {
        Lease lease = acquired(lock(), name(), LONG);
        assertThat(lease.name()).as("the name of the lease").isEqualTo(name());
    }

    @Test
    @Checks(Rule.ONE_LEASE)
    default void aNameHasAtMostOneLiveLease() {
        acquired(lock(), name(), LONG);
        assertThat(other().tryAcquire(name(), LONG))
                .as("a second lease of a name that is held, with a long ttl")
                .isEmpty();
        assertThat(other().tryAcquire(name(), shortTtl()))
                .as("a second lease of a name that is held, with a short ttl")
                .isEmpty();
    }

    @Test
    @Checks(Rule.TTL)
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
    @Checks(Rule.FREE)
    default void contentionIsAnsweredWithoutWaiting() {
        acquired(lock(), name(), LONG);
        long start = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            assertThat(other().tryAcquire(name(), LONG))
                    .as("a second lease of a name that is held")
                    .isEmpty();
        }
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
                .as("seconds for 10 calls")
                .isLessThan(10);
    }

    @Test
    @Checks(Rule.TIES)
    default void aLockIsNotReEntrant() {
        acquired(lock(), name(), LONG);
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease for the same client")
                .isEmpty();
    }

    @Test
    @Checks(Rule.FREE)
    default void namesAreIndependent() {
        List<String> names = List.of(
                name(), name() + "-1", name() + "-10", name() + "-2", name() + "/1", name() + "_1", name() + "%");
        names.forEach(each -> acquired(lock(), each, LONG));
        names.forEach(each -> assertThat(other().tryAcquire(each, LONG))
                .as("a second lease of %s", each)
                .isEmpty());
    }

    @Test
    default void releasingOneNameLeavesTheOthers() {
        Lease first = acquired(lock(), name() + "-1", LONG);
        Lease second = acquired(lock(), name() + "-10", LONG);
        first.release();
        assertThat(second.renew(LONG))
                .as("the renewal of a lease after another name was released")
                .isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquire(name() + "-10", LONG))
                .as("a second lease of a name that is held after another name was released")
                .isEmpty();
    }

    @Test
    @Checks(Rule.ONE_LEASE)
    default void aNameOf100CharactersFits() {
        String base = (name() + "-" + "n".repeat(100)).substring(0, 99);
        Lease first = acquired(lock(), base + "1", LONG);
        Lease second = acquired(lock(), base + "2", LONG);
        assertThat(first.name()).as("the name of the lease, all 100 characters").isEqualTo(base + "1");
        assertThat(other().tryAcquire(base + "1", LONG))
                .as("a second lease of a name that is held")
                .isEmpty();
        first.release();
        assertThat(other().tryAcquire(base + "2", LONG))
                .as("a lease of a name that differs from a released one in the 100th character, and is held")
                .isEmpty();
        assertThat(second.renew(LONG))
                .as("the renewal of a lease after a name was released that differs in the 100th character")
                .isEqualTo(Renewal.HELD);
    }

    @Test
    @Checks(Rule.FREE)
    default void aReleasedNameIsAcquiredAtOnce() {
        for (int i = 0; i < 5; i++) {
            acquired(i % 2 == 0 ? lock() : other(), name(), LONG).release();
        }
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a lease of a name that was released")
                .isPresent();
    }

    @Test
    @Checks(Rule.FREE)
    default void anExpiredNameIsAcquiredAtOnce() throws Exception {
        Lease lease = acquired(lock(), name(), shortTtl());
        expireNow(lease);
        assertThat(other().tryAcquire(name(), LONG))
                .as("a lease of a name whose lease has expired")
                .isPresent();
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease of a name that was acquired after its lease had expired")
                .isEmpty();
    }

    @Test
    @Checks(Rule.TTL)
    default void aLiveLeaseIsRenewedAgainAndAgain() {
        Lease lease = acquired(lock(), name(), LONG);
        for (int i = 0; i < 5; i++) {
            assertThat(lease.renew(LONG)).as("a renewal of a live lease").isEqualTo(Renewal.HELD);
            assertThat(other().tryAcquire(name(), LONG))
                    .as("a second lease of a name after a renewal")
                    .isEmpty();
        }
    }

    @Test
    @Checks(Rule.CERTAINTY)
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
        assertThat(late.renew(LONG))
                .as("the renewal of a lease whose name another client holds")
                .isEqualTo(Renewal.LOST);
        assertThat(late.renew(LONG))
                .as("the second renewal of a lease whose name another client holds")
                .isEqualTo(Renewal.LOST);
        assertThat(owner.renew(LONG))
                .as("the renewal of the new owner's lease after the old owner's renewals")
                .isEqualTo(Renewal.HELD);
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease of the name, which the new owner holds")
                .isEmpty();
    }

    @Test
    default void aLostLeaseStaysLostWhenTheNameIsFreeAgain() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(other(), name(), LONG);
        assertThat(late.renew(LONG))
                .as("the renewal of a lease whose name another client holds")
                .isEqualTo(Renewal.LOST);
        owner.release();
        assertThat(late.renew(LONG))
                .as("the renewal of a lost lease after the new owner has released")
                .isEqualTo(Renewal.LOST);
        assertThat(other().tryAcquire(name(), LONG))
                .as("the name, which the late renewal must not take")
                .isPresent();
        assertThat(late.renew(LONG))
                .as("the renewal of a lost lease whose name is held again")
                .isEqualTo(Renewal.LOST);
    }

    @Test
    default void aLateRenewalExtendsNothing() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(lock(), name(), shortTtl());
        assertThat(late.renew(LONG))
                .as("the renewal of a lease whose name another lease of the same client holds")
                .isEqualTo(Renewal.LOST);
        expireNow(owner);
        assertThat(other().tryAcquire(name(), LONG))
                .as(
                        "a lease of the name after the new owner's lease expired, which the old one's renewal must not extend")
                .isPresent();
    }

    @Test
    default void aLateReleaseDoesNotFreeTheNewOwnersName() throws Exception {
        Lease late = acquired(lock(), name(), shortTtl());
        expireNow(late);
        Lease owner = acquired(other(), name(), LONG);
        late.release();
        late.release();
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease of the name after the old owner's release")
                .isEmpty();
        assertThat(owner.renew(LONG))
                .as("the renewal of the new owner's lease after the old owner's release")
                .isEqualTo(Renewal.HELD);
    }

    @Test
    default void aReleaseMayBeRepeatedAndFreesOnlyItsOwn() {
        Lease first = acquired(lock(), name(), LONG);
        first.release();
        first.release();
        Lease second = acquired(other(), name(), LONG);
        first.release();
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease of the name after the old owner released once more")
                .isEmpty();
        assertThat(second.renew(LONG))
                .as("the renewal of the new owner's lease after the old owner released once more")
                .isEqualTo(Renewal.HELD);
    }

    @Test
    default void aReleasedLeaseIsLost() {
        Lease released = acquired(lock(), name(), LONG);
        released.release();
        assertThat(released.renew(LONG)).as("the renewal of a released lease").isEqualTo(Renewal.LOST);
        acquired(other(), name(), LONG);
        assertThat(released.renew(LONG))
                .as("the renewal of a released lease whose name is held again")
                .isEqualTo(Renewal.LOST);
    }

    @Test
    @Checks(Rule.TIES)
    default void aLeaseIsBoundToNoThread() {
        Lease lease = CompletableFuture.supplyAsync(() -> acquired(lock(), name(), LONG))
                .join();
        assertThat(lock().tryAcquire(name(), LONG))
                .as("a second lease of a name that another thread acquired")
                .isEmpty();
        assertThat(lease.renew(LONG))
                .as("the renewal of a lease that another thread acquired")
                .isEqualTo(Renewal.HELD);
        assertThat(CompletableFuture.supplyAsync(() -> lease.renew(LONG)).join())
                .as("the renewal of a lease on another thread")
                .isEqualTo(Renewal.HELD);
        CompletableFuture.runAsync(lease::release).join();
        assertThat(other().tryAcquire(name(), LONG))
                .as("a lease of a name that another thread released")
                .isPresent();
    }
}
