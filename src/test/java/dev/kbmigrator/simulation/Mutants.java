package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the planted bugs are made of. */
final class Mutants {

    private Mutants() {}

    static KbState withCheckpoint(KbState kb, String checkpoint) {
        if (checkpoint == null || kb.record() == null || kb.record().checkpoint() == null) {
            return kb;
        }
        KbRecord attempt = kb.record();
        return new KbState(
                kb.kbId(),
                kb.incarnation(),
                kb.version(),
                new KbRecord(
                        attempt.version(),
                        attempt.failures(),
                        attempt.error(),
                        attempt.failedMicros(),
                        attempt.dueMicros(),
                        attempt.setAside(),
                        true,
                        checkpoint));
    }

    /** Does not show the record of a KB that has advanced and is still behind its floor. */
    static final class ForgetsLateKbs extends ForwardingStore {

        private final Set<String> advanced = new HashSet<>();

        ForgetsLateKbs(StateStore store) {
            super(store);
        }

        @Override
        public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
            WriteResult result = store.write(epochs, writes);
            for (KbWrite write : writes) {
                if (write instanceof KbWrite.Advanced) {
                    advanced.add(write.kbId());
                } else {
                    advanced.remove(write.kbId());
                }
            }
            return result;
        }

        @Override
        public Map<String, KbState> find(Collection<String> kbIds) {
            Map<String, KbState> found = new HashMap<>(store.find(kbIds));
            found.replaceAll((kbId, kb) ->
                    advanced.contains(kbId) ? new KbState(kbId, kb.incarnation(), kb.version(), null) : kb);
            return found;
        }
    }

    /** The writes as if each was meant for the KB that is stored now. */
    static List<KbWrite> asStored(StateStore store, List<KbWrite> writes) {
        List<KbWrite> renewed = new ArrayList<>();
        for (KbWrite write : writes) {
            KbState kb = store.find(Set.of(write.kbId())).get(write.kbId());
            renewed.add(kb == null ? write : meantFor(kb.incarnation(), write));
        }
        return renewed;
    }

    private static KbWrite meantFor(long incarnation, KbWrite write) {
        if (write instanceof KbWrite.Advanced advanced) {
            return new KbWrite.Advanced(advanced.kbId(), incarnation, advanced.from(), advanced.to());
        }
        if (write instanceof KbWrite.Failed failed) {
            return new KbWrite.Failed(
                    failed.kbId(),
                    incarnation,
                    failed.from(),
                    failed.version(),
                    failed.failures(),
                    failed.error(),
                    failed.retryAfter());
        }
        KbWrite.Checkpointed saved = (KbWrite.Checkpointed) write;
        return new KbWrite.Checkpointed(saved.kbId(), incarnation, saved.from(), saved.version(), saved.checkpoint());
    }

    /** Leases that whoever holds one may renew or release, whoever owns the name by now. */
    static final class Careless implements Lock {

        private final Lock lock;
        private final boolean renews;
        private final boolean neverExpires;
        private final Map<String, Lease> owners = new HashMap<>();

        Careless(Lock lock, boolean renews, boolean neverExpires) {
            this.lock = lock;
            this.renews = renews;
            this.neverExpires = neverExpires;
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            Optional<Lease> granted = lock.tryAcquire(name, neverExpires ? Duration.ofDays(1) : ttl);
            return granted.map(lease -> {
                owners.put(name, lease);
                return new CarelessLease(lease);
            });
        }

        private final class CarelessLease implements Lease {

            private final Lease lease;

            private CarelessLease(Lease lease) {
                this.lease = lease;
            }

            @Override
            public String name() {
                return lease.name();
            }

            @Override
            public Renewal renew(Duration ttl) {
                return renews ? owners.get(name()).renew(ttl) : lease.renew(neverExpires ? Duration.ofDays(1) : ttl);
            }

            @Override
            public void release() {
                if (renews || neverExpires) {
                    lease.release();
                } else {
                    owners.get(name()).release();
                }
            }
        }
    }

    /** Makes more of the answers to renewals than they say. */
    static final class Hopeful implements Lock {

        private final Lock lock;

        /** Whether it is LOST that it does not believe in; else it is errors. */
        private final boolean deniesLoss;

        Hopeful(Lock lock, boolean deniesLoss) {
            this.lock = lock;
            this.deniesLoss = deniesLoss;
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            return lock.tryAcquire(name, ttl);
        }

        @Override
        public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
            return lock.tryAcquireAll(names, ttl);
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            Map<String, Renewal> held = new HashMap<>();
            leases.forEach(lease -> held.put(lease.name(), Renewal.HELD));
            if (deniesLoss) {
                lock.renewAll(leases, ttl);
                return held;
            }
            try {
                return lock.renewAll(leases, ttl);
            } catch (RuntimeException e) {
                return held;
            }
        }

        @Override
        public void releaseAll(Collection<? extends Lease> leases) {
            lock.releaseAll(leases);
        }
    }
}
