package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.fail;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What happens between the requests of one call: the client dies, the service cannot be reached, or the lease expires and
 * another client takes it. A call that is one request to the service passes these tests easily.
 */
interface LockRequestContract extends LockFixture {

    /** A call that makes more requests than this counts as endless. */
    int MOST_REQUESTS = 60;

    /** The call of one client that is interrupted between two of its requests. */
    @FunctionalInterface
    interface InterruptedCall {
        void run() throws Exception;
    }

    /** What happens before a request of the client. Armed for one request, counted from the next one. */
    final class Interruption implements Runnable {

        private @Nullable InterruptedCall what;
        private int left;
        private boolean happened;

        void arm(int request, InterruptedCall interruption) {
            what = interruption;
            left = request;
            happened = false;
        }

        /** From the next request on, the client's connection is dead. */
        void die(int afterRequests) {
            arm(afterRequests, () -> {
                left = 0;
                happened = true;
                throw new IllegalStateException("injected: the connection to the lock service is dead");
            });
        }

        void disarm() {
            what = null;
        }

        boolean happened() {
            return happened;
        }

        @Override
        public void run() {
            if (what == null || left-- > 0) {
                return;
            }
            InterruptedCall now = what;
            what = null;
            try {
                happened = true;
                now.run();
            } catch (RuntimeException e) {
                what = now;
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Makes a call that may fail because of what was injected. */
    private static void attempt(InterruptedCall call) {
        try {
            call.run();
        } catch (Exception e) {
            // Injected, so its effect is unknown
        }
    }

    /** A key that is set in one request and gets its expiry in the next one stays forever if the client dies in between. */
    @Test
    @Checks(Rule.TTL)
    default void aClientThatDiesWhileItAcquiresLeavesNoLeaseForever() throws Exception {
        Interruption death = new Interruption();
        for (int requests = 0; requests < MOST_REQUESTS; requests++) {
            String each = name() + "-" + requests;
            death.disarm();
            Lock client = interposedOrSkipped(death);
            death.die(requests);
            attempt(() -> client.tryAcquire(each, shortTtl()));
            expireNow(acquired(lock(), each + "-mark", shortTtl()));
            assertThat(other().tryAcquire(each, LONG))
                    .as(
                            "a name whose client died after %s requests of its acquisition, once the ttl has passed; is the"
                                    + " expiry set in a request of its own?",
                            requests)
                    .isPresent();
            if (!death.happened()) {
                return;
            }
        }
        fail("an acquisition makes more than " + MOST_REQUESTS + " requests");
    }

    @Test
    @Checks(Rule.TTL)
    default void aClientThatDiesWhileItRenewsLeavesTheLeaseAsItWasOrRenewed() throws Exception {
        Interruption death = new Interruption();
        for (int requests = 0; requests < MOST_REQUESTS; requests++) {
            String live = name() + "-live-" + requests;
            String expires = name() + "-expires-" + requests;
            death.disarm();
            Lock client = interposedOrSkipped(death);
            Lease living = acquired(client, live, LONG);
            Lease expiring = acquired(client, expires, shortTtl());
            death.die(requests);
            attempt(() -> living.renew(LONG));
            boolean died = death.happened();
            assertThat(other().tryAcquire(live, LONG))
                    .as("a second lease of a name whose owner died after %s requests of a renewal", requests)
                    .isEmpty();
            death.die(requests);
            attempt(() -> expiring.renew(shortTtl()));
            expireNow(acquired(lock(), expires + "-mark", shortTtl()));
            assertThat(other().tryAcquire(expires, LONG))
                    .as("a name whose owner died after %s requests of a renewal, once the ttl has passed", requests)
                    .isPresent();
            if (!died) {
                return;
            }
        }
        fail("a renewal makes more than " + MOST_REQUESTS + " requests");
    }

    @Test
    @Checks(Rule.CERTAINTY)
    default void aCallThatDoesNotReachTheServiceThrows() throws Exception {
        Interruption death = new Interruption();
        Lock client = interposedOrSkipped(death);
        Lease lease = acquired(client, name(), LONG);
        String free = name() + "-free";
        death.die(0);
        assertThatThrownBy(() -> lease.renew(LONG))
                .as("a renewal that did not reach the service; the lease is neither certainly held nor certainly lost")
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> client.tryAcquire(free, LONG))
                .as("an acquisition that did not reach the service; the name is not held by another")
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(lease::release)
                .as("a release that did not reach the service; the name is not free")
                .isInstanceOf(RuntimeException.class);
        Map<String, Renewal> renewals;
        try {
            renewals = client.renewAll(List.of(lease), LONG);
        } catch (RuntimeException e) {
            renewals = Map.of();
        }
        assertThat(renewals)
                .as("the renewals of a list that did not reach the service")
                .isEmpty();
        death.disarm();
        assertThat(lease.renew(LONG))
                .as("the renewal of a live lease once the service can be reached again")
                .isEqualTo(Renewal.HELD);
    }

    @Test
    @Checks(Rule.OWNER)
    default void aReleaseThatIsOvertakenFreesOnlyItsOwn() throws Exception {
        forEachRequest((client, interruption, each, request) -> {
            Lease late = acquired(client, each, shortTtl());
            Rival rival = new Rival(this, each);
            interruption.arm(request, rival::takeOver);
            attempt(late::release);
            interruption.disarm();
            rival.assertStillOwns("the late owner's release");
        });
    }

    @Test
    @Checks(Rule.OWNER)
    default void aRenewalThatIsOvertakenTakesNothingFromTheNewOwner() throws Exception {
        forEachRequest((client, interruption, each, request) -> {
            Lease late = acquired(client, each, shortTtl());
            Rival rival = new Rival(this, each);
            interruption.arm(request, rival::takeOver);
            Renewal[] renewal = new Renewal[1];
            attempt(() -> renewal[0] = late.renew(LONG));
            interruption.disarm();
            if (rival.owns()) {
                assertThat(renewal[0])
                        .as("the renewal of a lease that another client took over before request %s", request + 1)
                        .isNotEqualTo(Renewal.HELD);
            }
            rival.assertStillOwns("the late owner's renewal");
        });
    }

    @Test
    @Checks(Rule.ONE_LEASE)
    default void anAcquisitionThatIsOvertakenIsRefused() throws Exception {
        forEachRequest((client, interruption, each, request) -> {
            Rival rival = new Rival(this, each);
            interruption.arm(request, rival::acquire);
            boolean[] acquired = new boolean[1];
            attempt(() -> acquired[0] = client.tryAcquire(each, LONG).isPresent());
            interruption.disarm();
            assertThat(rival.owns() && acquired[0])
                    .as("whether a name has two leases: another client acquired it before request %s", request + 1)
                    .isFalse();
            rival.assertStillOwns("the other client's attempt");
        });
    }

    /** One round, in which something happens before one of a call's requests. */
    @FunctionalInterface
    interface Round {
        void play(Lock client, Interruption interruption, String each, int request) throws Exception;
    }

    private void forEachRequest(Round round) throws Exception {
        Interruption interruption = new Interruption();
        for (int request = 0; request < MOST_REQUESTS; request++) {
            interruption.disarm();
            Lock client = interposedOrSkipped(interruption);
            client.tryAcquire(name() + "-first-" + request, LONG);
            interruption.arm(MOST_REQUESTS, () -> {});
            round.play(client, interruption, name() + "-" + request, request);
            if (!interruption.happened()) {
                return;
            }
        }
        fail("a call makes more than " + MOST_REQUESTS + " requests");
    }

    /**
     * Another client, which acquires the name on a thread of its own. If it has to wait for a transaction of the interrupted
     * call, that call goes on after a second.
     */
    final class Rival {

        private final LockRequestContract contract;
        private final String name;

        /** Expires with the lease that is to be taken over. */
        private final Lease mark;

        private @Nullable CompletableFuture<Optional<Lease>> attempt;

        Rival(LockRequestContract contract, String name) {
            this.contract = contract;
            this.name = name;
            this.mark = contract.acquired(contract.lock(), name + "-mark", contract.shortTtl());
        }

        void takeOver() throws Exception {
            contract.expireNow(mark);
            acquire();
        }

        void acquire() throws Exception {
            attempt = CompletableFuture.supplyAsync(() -> contract.other().tryAcquire(name, LONG));
            try {
                attempt.get(1, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                // It waits for the interrupted call
            } catch (ExecutionException e) {
                throw new AssertionError("the other client's attempt failed: " + e.getCause(), e.getCause());
            }
        }

        private @Nullable Lease lease() {
            return attempt == null ? null : attempt.join().orElse(null);
        }

        boolean owns() {
            return lease() != null;
        }

        void assertStillOwns(String after) {
            Lease lease = lease();
            if (lease != null) {
                assertThat(contract.lock().tryAcquire(name, LONG))
                        .as("a second lease of a name that another client has acquired, after %s", after)
                        .isEmpty();
                assertThat(lease.renew(LONG))
                        .as("the renewal of the new owner's lease after %s", after)
                        .isEqualTo(Renewal.HELD);
            }
        }
    }
}
