package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.RejectedRowException;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Holds every change of the state against the {@link Model}, at the instant at which it happens. */
final class CheckedStore extends ForwardingStore {

    private final World world;
    private final Model model;

    CheckedStore(World world, StateStore truth) {
        super(truth);
        this.world = world;
        this.model = world.model;
    }

    private void violate(String what) {
        world.scheduler.violate(what);
    }

    @Override
    public Snapshot look(Heartbeat self) {
        Snapshot snapshot = store.look(self);
        model.lookedAt = model.tick();
        return snapshot;
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        Map<Integer, Epoch> opened = store.openEpochs(scopes);
        for (int scope : scopes) {
            Epoch epoch = opened.get(scope);
            if (epoch == null || epoch.number() <= model.epochs[scope]) {
                violate("an epoch did not rise: " + epoch + " after " + model.epochs[scope]);
            }
            model.epochs[scope] = epoch.number();
            model.openedAt[scope] = model.tick();
        }
        return opened;
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        Set<String> enrolled = store.enroll(kbIds, version);
        for (String kbId : kbIds) {
            boolean isNew = model.versions.putIfAbsent(kbId, version) == null;
            if (isNew != enrolled.contains(kbId)) {
                violate("enrolling " + kbId + " answered otherwise than it should");
            }
            if (isNew) {
                model.enrolledAt.put(kbId, model.tick());
                world.host.checkMayAppear(kbId);
            }
            checkKb(kbId);
            model.incarnations.put(kbId, store.find(Set.of(kbId)).get(kbId).incarnation());
        }
        return enrolled;
    }

    @Override
    public void remove(Collection<String> kbIds) {
        store.remove(kbIds);
        for (String kbId : kbIds) {
            model.setAside(kbId, false);
            model.incarnations.remove(kbId);
            boolean replaced = world.host.replaced.contains(kbId);
            if (model.versions.remove(kbId) != null && world.host.isThere(kbId) && !replaced) {
                violate(kbId + " was removed although the host has it");
            }
        }
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        reject(writes);
        WriteResult result = store.write(epochs, writes);
        boolean stale = epochs.stream().anyMatch(epoch -> !model.isCurrent(epoch));
        if (stale != result.refused()) {
            violate(stale ? "a write with a stale epoch committed" : "a write with current epochs was refused");
        }
        for (KbWrite write : writes) {
            if (!stale && !result.exceptions().containsKey(write.kbId())) {
                done(write, epochOf(write.kbId(), epochs));
            }
            checkKb(write.kbId());
        }
        return result;
    }

    /** Some rows are never accepted, and nothing of their batch is written. */
    private void reject(List<KbWrite> writes) {
        for (KbWrite write : writes) {
            // What is not there cannot be rejected: the write of a KB that is gone has no effect
            if (write instanceof KbWrite.Advanced advanced
                    && Objects.equals(world.model.versions.get(advanced.kbId()), advanced.from())
                    && world.rejected.contains(advanced.kbId() + "@" + advanced.to())) {
                String text = "simulated: the row of " + advanced.kbId() + " is not accepted";
                throw switch (world.scenario.howRejected) {
                    case 0 -> new RejectedRowException(Set.of(advanced.kbId()), text, null);
                    case 1 -> new StateStoreException(Kind.DATA, text, null);
                    default -> new StateStoreException(text);
                };
            }
        }
    }

    /** A failure that is recorded is one of the part, and only a row that the store does not accept is said to be such. */
    private void checkFailure(KbWrite.Failed failed) {
        if (failed.retryAfter() == null) {
            return;
        }
        if (failed.failures() > model.mayHaveFailed(failed.kbId(), failed.version())) {
            violate(failed + " counts more failures than attempts have failed");
        }
        boolean isBlamed = failed.error().startsWith("the state store does not accept");
        if (isBlamed
                && world.scenario.tellsOutages
                && !world.rejected.contains(failed.kbId() + "@" + failed.version())) {
            violate(failed + " blames a row that the store would accept");
        }
    }

    private Epoch epochOf(String kbId, Collection<Epoch> epochs) {
        for (Epoch epoch : epochs) {
            if (epoch.scope() == Partitions.of(kbId)) {
                return epoch;
            }
        }
        violate("a write of " + kbId + " carries no epoch of its partition");
        throw new AssertionError();
    }

    private void done(KbWrite write, Epoch epoch) {
        Long stored = model.versions.get(write.kbId());
        if (stored == null || stored != write.from()) {
            violate(write + " was done although the version was " + stored);
        }
        if (!Objects.equals(model.incarnations.get(write.kbId()), write.incarnation())) {
            violate(write + " was done to another KB of the same id, " + model.incarnations.get(write.kbId()));
        }
        if (write instanceof KbWrite.Advanced advanced) {
            boolean skipped = advanced.to() <= model.skips.getOrDefault(advanced.kbId(), 0L);
            if (!skipped && advanced.to() != model.nextFor(advanced.from())) {
                violate(advanced + " leaves versions out");
            }
            String attempt =
                    Model.key(advanced.kbId(), advanced.to(), epoch.number(), model.incarnations.get(advanced.kbId()));
            if (!skipped && !model.returned.contains(attempt)) {
                violate(advanced + " but no attempt at it returned normally under " + epoch
                        + " for the KB that is stored");
            }
            model.versions.put(advanced.kbId(), advanced.to());
        } else if (write instanceof KbWrite.Failed failed) {
            checkFailure(failed);
            if (failed.version() != model.nextFor(failed.from())) {
                violate(failed + " is not about the next version");
            }
        }
    }

    /** The KB is stored as the model says, and no floor hides it. */
    private void checkKb(String kbId) {
        Long version = model.versions.get(kbId);
        KbState stored = store.find(Set.of(kbId)).get(kbId);
        if ((version == null) != (stored == null) || (version != null && version != stored.version())) {
            violate(kbId + " is stored as " + stored + " but should be at " + version);
        }
        model.setAside(
                kbId,
                stored != null && stored.record() != null && stored.record().setAside());
        if (stored != null && stored.record() == null && stored.version() < model.floors[Partitions.of(kbId)]) {
            violate(stored + " is below its partition's floor, " + model.floors[Partitions.of(kbId)]
                    + ", and nothing on record says so");
        }
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        Set<Integer> raised = store.raiseFloors(epochs, version);
        for (Epoch epoch : epochs) {
            int partition = epoch.scope();
            if (raised.contains(partition)) {
                if (!model.isCurrent(epoch)) {
                    violate("a floor was raised with a stale epoch");
                }
                model.floors[partition] = Math.max(model.floors[partition], version);
                model.versions.keySet().stream()
                        .filter(kbId -> Partitions.of(kbId) == partition)
                        .forEach(this::checkKb);
            }
        }
        return raised;
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
        boolean changed = store.compareAndSet(name, expectedRevision, json, fence);
        if (changed) {
            if (fence != null && !model.isCurrent(fence)) {
                violate("the document " + name + " was changed with a stale epoch");
            }
            checkRevision(name);
            if (name.equals(Model.STATE)) {
                model.stateWritten(json, fence);
            }
        }
        return changed;
    }

    private void checkRevision(String name) {
        store.document(name).ifPresent(document -> {
            Set<Long> used = model.revisions.computeIfAbsent(name, first -> new HashSet<>());
            if (!used.add(document.revision())) {
                violate("the document " + name + " has revision " + document.revision() + " for the second time");
            }
        });
    }
}
