package dev.kbmigrator.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.Storage;
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeaseKeeperTest {

    private static final Duration TTL = FrozenEnvironment.TTL;
    private static final Duration INSTANT = Duration.ofNanos(1);
    private static final int A = 1;
    private static final int B = 2;
    private static final int C = 3;
    private static final String LEASE_A = "partition-001";
    private static final String LEASE_B = "partition-002";

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final ScriptedLock lock = new ScriptedLock();
    private final Store store = new Store();
    private final List<String> calls = new ArrayList<>();
    private final List<HeldScope> told = new ArrayList<>();
    private boolean busy;
    private int checks;
    private final LeaseKeeper keeper = new LeaseKeeper(new Storage(store, lock), TTL, environment, () -> {
        checks++;
        return busy;
    });

    /** Does what the test says; without a result, the outcome of a renewal is unknown. */
    private final class ScriptedLock implements Lock {

        private final Set<String> heldElsewhere = new HashSet<>();
        private final Map<String, Renewal> results = new HashMap<>();
        private final List<String> renewed = new ArrayList<>();
        private final List<String> released = new ArrayList<>();
        private int releases;
        private Runnable whileAcquiring = () -> {};
        private Runnable meanwhile = () -> {};

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            assertThat(ttl).isEqualTo(TTL);
            calls.add("lock " + name);
            whileAcquiring.run();
            return heldElsewhere.contains(name) ? Optional.empty() : Optional.of(new NamedLease(name));
        }

        @Override
        public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
            calls.add("lock all");
            return Lock.super.tryAcquireAll(new TreeSet<>(names), ttl);
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            assertThat(ttl).isEqualTo(TTL);
            leases.forEach(lease -> renewed.add(lease.name()));
            meanwhile.run();
            return results;
        }

        @Override
        public void releaseAll(Collection<? extends Lease> leases) {
            releases++;
            leases.forEach(lease -> released.add(lease.name()));
            meanwhile.run();
        }

        private void isDown() {
            meanwhile = () -> {
                throw new IllegalStateException("the lock service is down");
            };
        }
    }

    private final class Store extends MemoryStateStore {

        private Runnable whileOpening = () -> {};

        private Store() {
            super(() -> 0);
        }

        @Override
        public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            calls.add("open epochs of " + scopes);
            whileOpening.run();
            return super.openEpochs(scopes);
        }
    }

    private record NamedLease(String name) implements Lease {

        @Override
        public Renewal renew(Duration ttl) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void release() {
            throw new UnsupportedOperationException();
        }
    }

    private Map<Integer, HeldScope> acquire(Set<Integer> scopes) {
        return keeper.acquire(scopes, told::add);
    }

    private HeldScope hold(int scope) {
        return Objects.requireNonNull(acquire(Set.of(scope)).get(scope));
    }

    /** Both loops go around once, after this time. */
    private void letPass(Duration time) {
        environment.pass(time);
        environment.letTheWaitsEnd();
        for (int loops = environment.started.size(); loops > 0; loops--) {
            environment.started.runOne();
        }
    }

    private Duration nextRenewal() {
        return Duration.ofNanos(environment.signals.get(0).lastWait());
    }

    private Duration nextCheck() {
        return Duration.ofNanos(environment.signals.get(1).lastWait());
    }

    @Nested
    class AcquireMany {

        @Test
        void theLockComesFirstAndTheEpochSecond() {
            Map<Integer, HeldScope> held = acquire(Set.of(A, B));
            assertThat(calls)
                    .containsExactly("lock all", "lock " + LEASE_A, "lock " + LEASE_B, "open epochs of [1, 2]");
            assertThat(held).containsOnlyKeys(A, B);
            assertThat(held.get(A)).satisfies(scope -> {
                assertThat(scope.lease().name()).isEqualTo(LEASE_A);
                assertThat(scope.epoch()).isEqualTo(new Epoch(A, 1));
            });
            assertThat(held.get(B)).satisfies(scope -> {
                assertThat(scope.lease().name()).isEqualTo(LEASE_B);
                assertThat(scope.epoch()).isEqualTo(new Epoch(B, 1));
            });
        }

        @Test
        void scopesHeldElsewhereAreLeftOut() {
            lock.heldElsewhere.add(LEASE_A);
            assertThat(acquire(Set.of(A, B))).containsOnlyKeys(B);
            assertThat(calls).contains("open epochs of [2]");
            letPass(Duration.ofSeconds(10));
            assertThat(lock.renewed).containsExactly(LEASE_B);
        }

        @Test
        void whenAllAreHeldElsewhereNothingIsKept() {
            lock.heldElsewhere.add(LEASE_A);
            assertThat(acquire(Set.of(A))).isEmpty();
            assertThat(calls).as("no epoch is opened").containsExactly("lock all", "lock " + LEASE_A);
            assertThat(environment.started.size()).isZero();
            assertThat(lock.releases).isZero();
        }

        @Test
        void theLeasesAreReleasedWhenTheEpochsCannotBeOpened() {
            store.whileOpening = () -> {
                throw new IllegalStateException("the store is down");
            };
            assertThatThrownBy(() -> acquire(Set.of(A, B))).hasMessage("the store is down");
            assertThat(lock.released).containsExactlyInAnyOrder(LEASE_A, LEASE_B);
            assertThat(environment.started.size()).as("nothing is kept").isZero();
            assertThat(keeper.lockOutage().hopeless(0))
                    .as("the lock has responded")
                    .isNull();
        }

        @Test
        void anErrorOfTheStoreStaysTheErrorWhenTheReleaseFailsToo() {
            store.whileOpening = () -> {
                throw new IllegalStateException("the store is down");
            };
            lock.isDown();
            assertThatThrownBy(() -> acquire(Set.of(A))).hasMessage("the store is down");
            assertThat(lock.released).containsExactly(LEASE_A);
        }

        @Test
        void leasesThatAreOverBeforeTheyBeganAreReleased() {
            lock.whileAcquiring = () -> environment.pass(Duration.ofSeconds(3));
            store.whileOpening = () -> environment.pass(Duration.ofSeconds(17));
            assertThat(acquire(Set.of(A))).isEmpty();
            assertThat(lock.released).containsExactly(LEASE_A);
            assertThat(environment.started.size()).as("nothing is kept").isZero();
            store.whileOpening = () -> environment.pass(Duration.ofSeconds(17).minusNanos(1));
            assertThat(acquire(Set.of(A))).as("just in time").containsOnlyKeys(A);
            assertThat(lock.released).containsExactly(LEASE_A);
        }

        @Test
        void theDeadlineCountsFromWhenTheRequestWasSent() {
            environment.pass(Duration.ofMinutes(1));
            lock.whileAcquiring = () -> environment.pass(Duration.ofSeconds(3));
            store.whileOpening = () -> environment.pass(Duration.ofSeconds(2));
            HeldScope held = hold(A);
            assertThat(Duration.ofNanos(held.deadline())).isEqualTo(Duration.ofSeconds(60 + 20));
        }

        @Test
        void aLockThatFailsIsAnOutageOfTheLock() {
            lock.whileAcquiring = () -> {
                throw new IllegalStateException("the lock service is down");
            };
            assertThatThrownBy(() -> acquire(Set.of(A))).hasMessage("the lock service is down");
            assertThat(keeper.lockOutage().hopeless(0)).hasMessage("the lock service is down");
            lock.whileAcquiring = () -> {};
            hold(A);
            assertThat(keeper.lockOutage().hopeless(0)).isNull();
        }
    }

    /** The coordinator needs one lease only. */
    @Nested
    class AcquireOne {

        private Optional<HeldScope> acquire() {
            return keeper.acquire(Epoch.COORDINATOR, told::add);
        }

        @Test
        void theLockComesFirstAndTheEpochSecond() {
            assertThat(acquire()).hasValueSatisfying(scope -> {
                assertThat(scope.lease().name()).isEqualTo("migrations");
                assertThat(scope.epoch()).isEqualTo(new Epoch(Epoch.COORDINATOR, 1));
            });
            assertThat(calls).containsExactly("lock migrations", "open epochs of [" + Epoch.COORDINATOR + "]");
        }

        @Test
        void itIsRenewedAndItsOwnerTold() {
            lock.results.put("migrations", Renewal.LOST);
            HeldScope scope = acquire().orElseThrow();
            letPass(Duration.ofSeconds(10));
            assertThat(lock.renewed).containsExactly("migrations");
            assertThat(told).containsExactly(scope);
        }

        @Test
        void aScopeHeldElsewhereIsNotAcquired() {
            lock.heldElsewhere.add("migrations");
            assertThat(acquire()).isEmpty();
            assertThat(calls).as("no epoch is opened").containsExactly("lock migrations");
            assertThat(environment.started.size()).isZero();
        }

        @Test
        void theLeaseIsReleasedWhenTheEpochCannotBeOpened() {
            store.whileOpening = () -> {
                throw new IllegalStateException("the store is down");
            };
            assertThatThrownBy(this::acquire).hasMessage("the store is down");
            assertThat(lock.released).containsExactly("migrations");
            assertThat(environment.started.size()).isZero();
        }

        @Test
        void aLeaseThatIsOverBeforeItBeganIsReleased() {
            store.whileOpening = () -> environment.pass(Duration.ofSeconds(20));
            assertThat(acquire()).isEmpty();
            assertThat(lock.released).containsExactly("migrations");
            assertThat(environment.started.size()).isZero();
        }

        @Test
        void theDeadlineCountsFromWhenTheRequestWasSent() {
            lock.whileAcquiring = () -> environment.pass(Duration.ofSeconds(3));
            assertThat(acquire())
                    .hasValueSatisfying(scope ->
                            assertThat(Duration.ofNanos(scope.deadline())).isEqualTo(Duration.ofSeconds(20)));
        }

        @Test
        void aLockThatFailsIsAnOutageOfTheLock() {
            lock.whileAcquiring = () -> {
                throw new IllegalStateException("the lock service is down");
            };
            assertThatThrownBy(this::acquire).hasMessage("the lock service is down");
            assertThat(keeper.lockOutage().hopeless(0)).hasMessage("the lock service is down");
        }
    }

    @Nested
    class Renewing {

        @Test
        void theFirstRenewalComesAfterAThirdOfTheTtl() {
            hold(A);
            environment.started.runOne();
            assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(3));
            assertThat(lock.renewed).isEmpty();
        }

        @Test
        void aRenewedLeaseLivesFromWhenTheRequestWasSent() {
            HeldScope held = hold(A);
            lock.results.put(LEASE_A, Renewal.HELD);
            lock.meanwhile = () -> environment.pass(Duration.ofSeconds(3));
            letPass(Duration.ofSeconds(10));
            assertThat(Duration.ofNanos(held.deadline()))
                    .as("two thirds of the ttl later")
                    .isEqualTo(Duration.ofSeconds(30));
            assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(3));
            assertThat(told).isEmpty();
        }

        @Test
        void anUnknownOutcomeIsRetriedSooner() {
            HeldScope held = hold(A);
            letPass(Duration.ofSeconds(10));
            assertThat(held.isLost()).isFalse();
            assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(12));
        }

        @Test
        void aFailingRenewalIsRetriedSooner() {
            HeldScope held = hold(A);
            lock.isDown();
            letPass(Duration.ofSeconds(10));
            assertThat(held.isLost()).isFalse();
            assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(12));
            assertThat(log.messages(Level.WARN))
                    .containsExactly("1 leases could not be renewed: the lock service is down");
        }
    }

    @Nested
    class Losing {

        @Test
        void aLeaseThatIsNotRenewedInTimeIsLost() {
            HeldScope held = hold(A);
            letPass(Duration.ofSeconds(20).minus(INSTANT));
            assertThat(held.isLost()).isFalse();
            letPass(INSTANT);
            assertThat(held.isLost()).isTrue();
            assertThat(held.lostBecause()).isEqualTo("the lease partition-001 was not renewed in time");
            assertThat(told).containsExactly(held);
        }

        @Test
        void aLeaseTakenOverIsLostAndTheOthersAreNot() {
            HeldScope lost = hold(A);
            HeldScope kept = hold(B);
            lock.results.put(LEASE_A, Renewal.LOST);
            lock.results.put(LEASE_B, Renewal.HELD);
            letPass(Duration.ofSeconds(10));
            assertThat(lost.lostBecause())
                    .isEqualTo("the lease partition-001 was taken over by another replica, or expired");
            assertThat(kept.isLost()).isFalse();
            assertThat(told).containsExactly(lost);
            lock.renewed.clear();
            letPass(Duration.ofSeconds(10));
            assertThat(lock.renewed).containsExactly(LEASE_B);
        }

        @Test
        void allLeasesLostAtOnceAreOneLogLine() {
            hold(A);
            hold(B);
            letPass(Duration.ofSeconds(20));
            assertThat(told).hasSize(2);
            assertThat(log.messages(Level.INFO))
                    .contains("Lost 2 leases (first: partition-001): not renewed in time")
                    .filteredOn(message -> message.startsWith("Lost"))
                    .hasSize(1);
        }

        @Test
        void aScopeReleasedDuringItsRenewalIsNotLost() {
            HeldScope held = hold(A);
            lock.results.put(LEASE_A, Renewal.LOST);
            lock.meanwhile = () -> {
                lock.meanwhile = () -> {};
                keeper.release(List.of(held));
            };
            letPass(Duration.ofSeconds(10));
            assertThat(held.isLost()).isFalse();
            assertThat(lock.released).containsExactly(LEASE_A);
            assertThat(told).isEmpty();
            assertThat(log.messages(Level.INFO)).isEmpty();
        }

        @Test
        void aScopeIsLostOnceAndItsOwnerToldOnce() {
            HeldScope held = hold(A);
            HeldScope another = hold(B);
            assertThat(keeper.lose(another, "another one")).isTrue();
            assertThat(told).containsExactly(another);
            assertThat(held.isLost()).isFalse();
            assertThat(keeper.lose(held, "the first reason")).isTrue();
            assertThat(keeper.lose(held, "the second reason")).isFalse();
            assertThat(held.lostBecause()).isEqualTo("the first reason");
            assertThat(told).containsExactly(another, held);
        }

        @Test
        void theOwnerIsToldOfALossThatHasHappened() {
            List<Boolean> lost = new ArrayList<>();
            HeldScope held = Objects.requireNonNull(
                    keeper.acquire(Set.of(A), scope -> lost.add(scope.isLost())).get(A));
            keeper.lose(held, "the reason");
            assertThat(lost).containsExactly(true);
        }

        @Test
        void aLostScopeIsNotRenewedNorLostAgain() {
            HeldScope held = hold(A);
            hold(B);
            keeper.lose(held, "the reason");
            letPass(Duration.ofSeconds(20));
            assertThat(lock.renewed).containsExactly(LEASE_B);
            assertThat(held.lostBecause()).isEqualTo("the reason");
        }
    }

    @Nested
    class Releasing {

        @Test
        void aScopeLeftToExpireIsNeitherRenewedNorReleased() {
            HeldScope held = hold(A);
            held.leaveToExpire();
            HeldScope other = hold(B);
            letPass(Duration.ofSeconds(10));
            assertThat(lock.renewed).containsExactly(LEASE_B);
            assertThat(held.mayBeReleased()).isFalse();
            keeper.release(List.of(other));
            letPass(Duration.ofSeconds(1));
            assertThat(nextRenewal()).as("there is nothing to renew").isEqualTo(TTL.dividedBy(3));
            lock.released.clear();
            keeper.leaveToExpire(held);
            letPass(Duration.ofSeconds(10));
            assertThat(held.isLost()).isFalse();
            assertThat(lock.released).isEmpty();
        }

        @Test
        void aLeaseThatCannotBeReleasedHarmsNothing() {
            HeldScope held = hold(A);
            lock.isDown();
            keeper.release(List.of(held));
            assertThat(lock.released).containsExactly(LEASE_A);
            assertThat(log.messages(Level.INFO)).containsExactly("1 leases could not be released; they will expire");
        }

        @Test
        void releasingNothingCostsNoCall() {
            keeper.release(List.of());
            assertThat(lock.releases).isZero();
        }

        @Test
        void leasesAreReleasedTogether() {
            keeper.release(List.of(hold(A), hold(B)));
            assertThat(lock.released).containsExactly(LEASE_A, LEASE_B);
            assertThat(lock.releases).isEqualTo(1);
        }
    }

    @Nested
    class Loops {

        @Test
        void endWithTheLastLeaseAndStartAgainWithTheNext() {
            HeldScope one = hold(A);
            HeldScope other = hold(B);
            assertThat(environment.started.size()).isEqualTo(2);
            keeper.release(List.of(one));
            assertThat(environment.signals).noneMatch(FrozenEnvironment.Flag::isRaised);
            keeper.release(List.of(other));
            assertThat(environment.signals).allMatch(FrozenEnvironment.Flag::isRaised);
            letPass(Duration.ZERO);
            assertThat(environment.started.size()).isZero();
            hold(C);
            assertThat(environment.started.size()).isEqualTo(2);
        }

        @Test
        void theWatchContinuesWhileTheWatchdogIsBusy() {
            HeldScope held = hold(A);
            busy = true;
            keeper.release(List.of(held));
            letPass(Duration.ZERO);
            assertThat(environment.started.size()).isEqualTo(1);
            hold(B);
            assertThat(environment.started.size())
                    .as("the watch is still there, and only the renewal is started")
                    .isEqualTo(2);
            letPass(Duration.ZERO);
            assertThat(environment.started.size()).isEqualTo(2);
            assertThat(checks).isEqualTo(2);
        }

        @Test
        void theWatchEndsWhenTheWatchdogIsIdle() {
            HeldScope held = hold(A);
            busy = true;
            keeper.release(List.of(held));
            letPass(Duration.ZERO);
            busy = false;
            letPass(Duration.ZERO);
            assertThat(environment.started.size()).isZero();
        }

        @Test
        void theDeadlinesAreCheckedTwentyFourTimesPerTtl() {
            hold(A);
            letPass(Duration.ZERO);
            assertThat(nextCheck()).isEqualTo(TTL.dividedBy(24));
            assertThat(checks).isEqualTo(1);
        }
    }
}
