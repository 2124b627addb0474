package dev.kbmigrator.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeaseKeeperTest {

    private static final Duration TTL = FrozenEnvironment.TTL;

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();
    private final ScriptedLock lock = new ScriptedLock();
    private final EngineConfig config =
            environment.config(FrozenEnvironment.emptyStore(), lock, executor, ProbeExecution.NOTHING);
    private final ExecutionPool slots = new ExecutionPool(config, () -> {});
    private final LeaseKeeper keeper = new LeaseKeeper(config, slots);
    private final List<String> told = new ArrayList<>();

    /** Answers as the test says; without an answer the outcome is unknown. */
    private static final class ScriptedLock implements Lock {

        private final Map<String, Renewal> answers = new HashMap<>();
        private final List<String> asked = new ArrayList<>();
        private final List<String> released = new ArrayList<>();
        private Runnable meanwhile = () -> {};

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            return Optional.empty();
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            assertThat(ttl).isEqualTo(TTL);
            leases.forEach(lease -> asked.add(lease.name()));
            meanwhile.run();
            return answers;
        }

        @Override
        public void releaseAll(Collection<? extends Lease> leases) {
            leases.forEach(lease -> released.add(lease.name()));
            meanwhile.run();
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

    private HeldScope keep(String name) {
        HeldScope held = new HeldScope(
                new NamedLease(name), new Epoch(1, 1), keeper.deadlineOfRequestSentNow(), () -> told.add(name));
        keeper.keep(held);
        return held;
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

    @Test
    void aRenewedLeaseLivesForTwoThirdsOfTheTtlFromWhenTheRequestWasSent() {
        HeldScope held = keep("a");
        lock.answers.put("a", Renewal.HELD);
        lock.meanwhile = () -> environment.pass(Duration.ofSeconds(3));
        letPass(Duration.ofSeconds(10));
        assertThat(Duration.ofNanos(held.deadline())).isEqualTo(Duration.ofSeconds(30));
        assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(3));
        assertThat(told).isEmpty();
    }

    @Test
    void aLeaseThatIsNotRenewedInTimeIsLostAndItsOwnerTold() {
        HeldScope held = keep("a");
        letPass(Duration.ofSeconds(20).minusNanos(1));
        assertThat(held.isLost()).isFalse();
        letPass(Duration.ofNanos(1));
        assertThat(held.isLost()).isTrue();
        assertThat(held.lostBecause()).isEqualTo("the lease a was not renewed in time");
        assertThat(told).containsExactly("a");
    }

    @Test
    void aLeaseThatAnotherTookIsLostAndTheOthersAreNot() {
        HeldScope lost = keep("a");
        HeldScope kept = keep("b");
        lock.answers.put("a", Renewal.LOST);
        lock.answers.put("b", Renewal.HELD);
        letPass(Duration.ofSeconds(10));
        assertThat(lost.lostBecause()).contains("the lease a was taken over");
        assertThat(kept.isLost()).isFalse();
        assertThat(told).containsExactly("a");
        lock.asked.clear();
        letPass(Duration.ofSeconds(10));
        assertThat(lock.asked).containsExactly("b");
    }

    @Test
    void anUnknownOutcomeIsAskedForAgainSooner() {
        HeldScope held = keep("a");
        letPass(Duration.ofSeconds(10));
        assertThat(held.isLost()).isFalse();
        assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(12));
    }

    @Test
    void aFailingRenewalIsAskedForAgainSooner() {
        HeldScope held = keep("a");
        lock.meanwhile = () -> {
            throw new IllegalStateException("the lock service is down");
        };
        letPass(Duration.ofSeconds(10));
        assertThat(held.isLost()).isFalse();
        assertThat(nextRenewal()).isEqualTo(TTL.dividedBy(12));
    }

    @Test
    void whatIsGivenBackWhileItsRenewalIsUnderWayIsNotLost() {
        HeldScope held = keep("a");
        lock.answers.put("a", Renewal.LOST);
        lock.meanwhile = () -> {
            lock.meanwhile = () -> {};
            keeper.release(List.of(held));
        };
        letPass(Duration.ofSeconds(10));
        assertThat(held.isLost()).isFalse();
        assertThat(lock.released).containsExactly("a");
        assertThat(told).isEmpty();
    }

    @Test
    void theLoopsEndWhenTheLastLeaseIsGivenBackAndBeginAgainWithTheNext() {
        HeldScope one = keep("a");
        HeldScope other = keep("b");
        assertThat(environment.started.size()).isEqualTo(2);
        keeper.release(List.of(one));
        assertThat(environment.signals).noneMatch(FrozenEnvironment.Flag::isRaised);
        keeper.release(List.of(other));
        assertThat(environment.signals).allMatch(FrozenEnvironment.Flag::isRaised);
        letPass(Duration.ZERO);
        assertThat(environment.started.size()).isZero();
        keep("c");
        assertThat(environment.started.size()).isEqualTo(2);
    }

    @Test
    void whatIsLeftToExpireIsNeitherRenewedNorReleased() {
        HeldScope held = keep("a");
        held.leaveToExpire();
        HeldScope other = keep("b");
        letPass(Duration.ofSeconds(10));
        assertThat(lock.asked).containsExactly("b");
        assertThat(held.mayBeReleased()).isFalse();
        keeper.release(List.of(other));
        letPass(Duration.ofSeconds(1));
        assertThat(nextRenewal()).as("there is nothing to renew").isEqualTo(TTL.dividedBy(3));
        lock.released.clear();
        keeper.leave(held);
        letPass(Duration.ofSeconds(10));
        assertThat(held.isLost()).isFalse();
        assertThat(lock.released).isEmpty();
    }

    @Test
    void aLeaseThatCannotBeReleasedHurtsNobody() {
        HeldScope held = keep("a");
        lock.meanwhile = () -> {
            throw new IllegalStateException("the lock service is down");
        };
        keeper.release(List.of(held));
        keeper.releaseQuietly(List.of());
        assertThat(lock.released).containsExactly("a");
    }

    @Test
    void aScopeIsLostOnceAndItsBodiesAreCancelledAndInterrupted() {
        HeldScope held = keep("a");
        HeldScope unharmed = keep("b");
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution body = new ProbeExecution(config, held, () -> {
            assertThat(keeper.lose(unharmed, "another one")).isTrue();
            assertThat(Thread.interrupted()).isFalse();
            assertThat(keeper.lose(held, "the first reason")).isTrue();
            assertThat(keeper.lose(held, "the second reason")).isFalse();
            interrupted.add(Thread.interrupted());
        });
        slots.offer(List.of(body));
        executor.runOne();
        assertThat(body.cancellation()).isEqualTo(Cancellation.LOST);
        assertThat(interrupted).containsExactly(true);
        assertThat(held.lostBecause()).isEqualTo("the first reason");
        assertThat(told).containsExactly("b", "a");
    }

    @Test
    void aBodyThatDoesNotStopForATtlIsGivenUpAndItsLeaseLeftToExpire() {
        environment.pass(Duration.ofMinutes(1));
        HeldScope held = keep("a");
        lock.answers.put("a", Renewal.HELD);
        List<Boolean> mayBeReleased = new ArrayList<>();
        ProbeExecution body = new ProbeExecution(config, held, () -> {
            slots.cancel(one -> true, Cancellation.CLOSING, false);
            for (int i = 0; i < 3; i++) {
                letPass(TTL.dividedBy(3).minusNanos(1));
            }
            mayBeReleased.add(held.mayBeReleased());
            letPass(Duration.ofNanos(3));
            mayBeReleased.add(held.mayBeReleased());
        });
        slots.offer(List.of(body));
        executor.runOne();
        assertThat(mayBeReleased).containsExactly(true, false);
        assertThat(body.returns).hasValue(1);
        assertThat(body.outcome()).isInstanceOf(Cancelled.class);
    }

    /** A migration of the {@link ProbeExecution}'s version that may run for five seconds. */
    private static final class Limited implements KbMigration {

        @Override
        public long version() {
            return ProbeExecution.NOTHING.version();
        }

        @Override
        public String name() {
            return "limited";
        }

        @Override
        public Optional<Duration> timeout() {
            return Optional.of(Duration.ofSeconds(5));
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) {}
    }

    @Test
    void aBodyIsToldToStopWhenItsTimeLimitIsOver() {
        EngineConfig limited = environment.config(FrozenEnvironment.emptyStore(), lock, executor, new Limited());
        ExecutionPool ofTheLimited = new ExecutionPool(limited, () -> {});
        HeldScope held = FrozenEnvironment.held(() -> {});
        new LeaseKeeper(limited, ofTheLimited).keep(held);
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution body = new ProbeExecution(limited, held, () -> {
            letPass(Duration.ofSeconds(5).minusNanos(1));
            interrupted.add(Thread.interrupted());
            letPass(Duration.ofNanos(1));
            interrupted.add(Thread.interrupted());
        });
        ofTheLimited.offer(List.of(body));
        executor.runOne();
        assertThat(interrupted).containsExactly(false, true);
        assertThat(body.cancellation()).isEqualTo(Cancellation.TIMEOUT);
    }

    @Test
    void theWatchGoesOnWhileSomethingRuns() {
        HeldScope held = keep("a");
        ProbeExecution body = new ProbeExecution(config, held, () -> {
            keeper.release(List.of(held));
            letPass(Duration.ZERO);
            assertThat(environment.started.size()).isEqualTo(1);
        });
        slots.offer(List.of(body));
        executor.runOne();
        assertThat(body.outcome()).isInstanceOf(Done.class);
        letPass(Duration.ZERO);
        assertThat(environment.started.size()).isZero();
    }
}
