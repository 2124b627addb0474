package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Clients of a lock service that each get one thing wrong about their requests, their clock or long lists. */
final class BrokenRequests {

    private BrokenRequests() {}

    /** A key in the service. */
    record Key(long nonce, long expiresMicros) {}

    /** The service, with its own clock. */
    static final class Service {

        private final LongSupplier clock;
        private final Map<String, Key> keys = new HashMap<>();
        private long lastNonce;

        Service(LongSupplier clock) {
            this.clock = clock;
        }
    }

    /** A correct client: each call is one request. */
    static class Client implements Lock {

        final Service service;
        private Runnable beforeEachRequest = () -> {};
        private long skewMicros;

        Client(LongSupplier clock) {
            this(new Service(clock));
        }

        private Client(Service service) {
            this.service = service;
        }

        Client interposed(Runnable hook) {
            Client client = another(service);
            client.beforeEachRequest = hook;
            return client;
        }

        Client skewed(Duration skew) {
            Client client = another(service);
            client.skewMicros = TimeUnit.NANOSECONDS.toMicros(skew.toNanos());
            return client;
        }

        /** A client of the same kind. */
        Client another(Service same) {
            return new Client(same);
        }

        final <T> T request(Supplier<T> command) {
            beforeEachRequest.run();
            synchronized (service) {
                return command.get();
            }
        }

        final long hostMicros() {
            return service.clock.getAsLong() + skewMicros;
        }

        long nowMicros() {
            return service.clock.getAsLong();
        }

        long expiry(Duration ttl) {
            return service.clock.getAsLong() + TimeUnit.NANOSECONDS.toMicros(ttl.toNanos());
        }

        final boolean isFree(String name) {
            Key key = service.keys.get(name);
            return key == null || key.expiresMicros() <= nowMicros();
        }

        final boolean isOwn(ClientLease lease) {
            Key key = service.keys.get(lease.name());
            return key != null && key.nonce() == lease.nonce();
        }

        final ClientLease set(String name, long expiresMicros) {
            long nonce = ++service.lastNonce;
            service.keys.put(name, new Key(nonce, expiresMicros));
            return new ClientLease(this, name, nonce);
        }

        final Renewal extend(ClientLease lease, Duration ttl) {
            service.keys.put(lease.name(), new Key(lease.nonce(), expiry(ttl)));
            return Renewal.HELD;
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            return request(() -> isFree(name) ? Optional.of(set(name, expiry(ttl))) : Optional.empty());
        }

        Renewal renew(ClientLease lease, Duration ttl) {
            return request(() -> isOwn(lease) ? extend(lease, ttl) : Renewal.LOST);
        }

        void release(ClientLease lease) {
            request(() -> isOwn(lease) ? service.keys.remove(lease.name()) : null);
        }
    }

    record ClientLease(Client client, String name, long nonce) implements Lease {

        @Override
        public Renewal renew(Duration ttl) {
            return client.renew(this, ttl);
        }

        @Override
        public void release() {
            client.release(this);
        }
    }

    static final class SetsTheExpiryAfterwards extends Client {
        SetsTheExpiryAfterwards(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new SetsTheExpiryAfterwards(same);
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            Optional<ClientLease> lease =
                    request(() -> isFree(name) ? Optional.of(set(name, Long.MAX_VALUE)) : Optional.empty());
            lease.ifPresent(one -> request(() -> extend(one, ttl)));
            return lease.map(one -> one);
        }
    }

    static final class AcquiresInTwoRequests extends Client {
        AcquiresInTwoRequests(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new AcquiresInTwoRequests(same);
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            boolean free = request(() -> isFree(name));
            return free ? Optional.of(request(() -> set(name, expiry(ttl)))) : Optional.empty();
        }
    }

    static final class RenewsInTwoRequests extends Client {
        RenewsInTwoRequests(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new RenewsInTwoRequests(same);
        }

        @Override
        Renewal renew(ClientLease lease, Duration ttl) {
            boolean own = request(() -> isOwn(lease));
            return own ? request(() -> extend(lease, ttl)) : Renewal.LOST;
        }
    }

    /** Deletes the key and sets it again, with the new expiry. */
    static final class RenewsByReplacing extends Client {
        RenewsByReplacing(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new RenewsByReplacing(same);
        }

        @Override
        Renewal renew(ClientLease lease, Duration ttl) {
            boolean own = request(() -> isOwn(lease) && service.keys.remove(lease.name()) != null);
            return own && request(() -> isFree(lease.name())) ? request(() -> extend(lease, ttl)) : Renewal.LOST;
        }
    }

    static final class ReleasesInTwoRequests extends Client {
        ReleasesInTwoRequests(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new ReleasesInTwoRequests(same);
        }

        @Override
        void release(ClientLease lease) {
            boolean own = request(() -> isOwn(lease));
            if (own) {
                request(() -> service.keys.remove(lease.name()));
            }
        }
    }

    /** Returns something for a request that was not sent. */
    abstract static class HidesErrors extends Client {
        HidesErrors(Service service) {
            super(service);
        }

        <T> T or(@Nullable T instead, Supplier<T> call) {
            try {
                return call.get();
            } catch (RuntimeException e) {
                if (instead == null) {
                    throw e;
                }
                return instead;
            }
        }
    }

    static final class LostForAnIoError extends HidesErrors {
        LostForAnIoError(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new LostForAnIoError(same);
        }

        @Override
        Renewal renew(ClientLease lease, Duration ttl) {
            return or(Renewal.LOST, () -> super.renew(lease, ttl));
        }
    }

    static final class HeldForAnIoError extends HidesErrors {
        HeldForAnIoError(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new HeldForAnIoError(same);
        }

        @Override
        Renewal renew(ClientLease lease, Duration ttl) {
            return or(Renewal.HELD, () -> super.renew(lease, ttl));
        }
    }

    static final class RefusedForAnIoError extends HidesErrors {
        RefusedForAnIoError(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new RefusedForAnIoError(same);
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            return or(Optional.empty(), () -> super.tryAcquire(name, ttl));
        }
    }

    static final class AllLostForAnIoError extends HidesErrors {
        AllLostForAnIoError(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new AllLostForAnIoError(same);
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            Map<String, Renewal> lost = new HashMap<>();
            leases.forEach(lease -> lost.put(lease.name(), Renewal.LOST));
            return or(lost, () -> super.renewAll(leases, ttl));
        }
    }

    /** Writes the expiry as the host's clock has it. */
    static final class SetsTheExpiryByTheHost extends Client {
        SetsTheExpiryByTheHost(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new SetsTheExpiryByTheHost(same);
        }

        @Override
        long expiry(Duration ttl) {
            return super.expiry(ttl) + hostMicros() - service.clock.getAsLong();
        }
    }

    /** Compares the expiry with the host's clock. */
    static final class ReadsTheExpiryByTheHost extends Client {
        ReadsTheExpiryByTheHost(Service service) {
            super(service);
        }

        @Override
        Client another(Service same) {
            return new ReadsTheExpiryByTheHost(same);
        }

        @Override
        long nowMicros() {
            return hostMicros();
        }
    }

    static final class RoundsTheTtlDown extends Client {
        RoundsTheTtlDown(Service service) {
            super(service);
        }

        @Override
        long expiry(Duration ttl) {
            return super.expiry(Duration.ofSeconds(ttl.toSeconds()));
        }
    }

    /** Marks a released key as expired, so that the late owner's renewal finds it. */
    static final class RenewsAfterItsRelease extends Client {
        RenewsAfterItsRelease(Service service) {
            super(service);
        }

        @Override
        void release(ClientLease lease) {
            request(() -> isOwn(lease) ? service.keys.put(lease.name(), new Key(lease.nonce(), 0)) : null);
        }
    }

    /** Takes a name that is held for an error. */
    static final class ThrowsForContention extends Client {
        ThrowsForContention(Service service) {
            super(service);
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            return Optional.of(super.tryAcquire(name, ttl).orElseThrow());
        }
    }

    static final class AcquiresOneBatch extends Client {
        AcquiresOneBatch(Service service) {
            super(service);
        }

        @Override
        public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
            return super.tryAcquireAll(names.stream().limit(128).toList(), ttl);
        }
    }

    static final class RenewsOneBatch extends Client {
        RenewsOneBatch(Service service) {
            super(service);
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            return super.renewAll(leases.stream().limit(128).toList(), ttl);
        }
    }

    static final class ReleasesOneBatch extends Client {
        ReleasesOneBatch(Service service) {
            super(service);
        }

        @Override
        public void releaseAll(Collection<? extends Lease> leases) {
            super.releaseAll(leases.stream().limit(128).toList());
        }
    }

    /** Makes a client over a new service. */
    static Function<LongSupplier, Lock> of(Function<Service, Client> client) {
        return clock -> client.apply(new Service(clock));
    }
}
