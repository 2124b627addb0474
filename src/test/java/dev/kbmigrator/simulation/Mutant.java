package dev.kbmigrator.simulation;

import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.KbWrite.Advanced;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A planted bug: what a store or a lock service does wrong, or what an engine with that bug would make of a right one. The
 * suite has to find each of them.
 */
enum Mutant {
    /** No bug: the protocol as it is. */
    NONE,

    /** A completion or a checkpoint is written whatever its epoch. */
    WRITE_IGNORES_EPOCH {
        @Override
        StateStore beneath(StateStore truth) {
            return new StoreMutants.Unfenced(truth) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    return store.write(newest(epochs), writes);
                }
            };
        }
    },

    /** An advance reaches a KB that was enrolled again since it was read. */
    ADVANCE_IGNORES_INCARNATION {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    boolean advances = writes.stream().allMatch(Advanced.class::isInstance);
                    return store.write(epochs, advances ? Mutants.asStored(store, writes) : writes);
                }
            };
        }
    },

    /** A checkpoint reaches a KB that was enrolled again since it was read. */
    CHECKPOINT_IGNORES_INCARNATION {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    boolean saves = writes.stream().allMatch(KbWrite.Checkpointed.class::isInstance);
                    return store.write(epochs, saves ? Mutants.asStored(store, writes) : writes);
                }
            };
        }
    },

    /** A document that is made again has the revision of an earlier one. */
    REVISION_REPEATS {
        @Override
        StateStore beneath(StateStore truth) {
            return new StoreMutants.RevisionsStartAgain(truth);
        }
    },

    /** A document is changed whatever its fence. */
    DOCUMENT_IGNORES_FENCE {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                @Override
                public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
                    return store.compareAndSet(name, expectedRevision, json, null);
                }
            };
        }
    },

    /** A floor is raised whatever the epoch. */
    FLOOR_IGNORES_EPOCH {
        @Override
        StateStore beneath(StateStore truth) {
            return new StoreMutants.Unfenced(truth) {
                @Override
                public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
                    return store.raiseFloors(newest(epochs), version);
                }
            };
        }
    },

    /** An epoch is handed out twice. */
    EPOCH_STANDS_STILL {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                private final Map<Integer, Epoch> first = new HashMap<>();

                @Override
                public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
                    Map<Integer, Epoch> opened = new HashMap<>();
                    scopes.forEach(scope -> opened.put(
                            scope,
                            first.computeIfAbsent(
                                    scope, one -> store.openEpochs(Set.of(one)).get(one))));
                    return opened;
                }
            };
        }
    },

    /** A floor is raised, under a current epoch, with no look at the KBs. */
    FLOOR_RAISED_WITHOUT_LOOK {
        @Override
        StateStore beneath(StateStore truth) {
            return new StoreMutants.BlindFloors(truth);
        }
    },

    /** A KB that is enrolled behind its floor is not put on record. */
    LATE_KB_NOT_PUT_ON_RECORD {
        @Override
        StateStore beneath(StateStore truth) {
            return new StoreMutants.LosesLateKbs(truth);
        }
    },

    /** The coordinator opens all that is to come, whatever barrier there is. */
    STAGE_OPENED_TOO_FAR {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.OtherState(store, (before, after) -> {
                if (after.path("open").asLong() > before.path("open").asLong()) {
                    after.put("open", after.path("target").asLong());
                }
            });
        }
    },

    /** Withdrawing takes back what has started, too. */
    STARTED_VERSION_WITHDRAWN {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.OtherState(store, (before, after) -> {
                if (after.path("plan").size() < before.path("plan").size()) {
                    StoreMutants.cutPlan(after, after.path("current").asLong());
                }
            });
        }
    },

    /** Withdrawing takes back what KBs were created at. */
    REGISTERED_VERSION_WITHDRAWN {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.OtherState(store, (before, after) -> after.remove("registered"));
        }
    },

    /** The limit that a run sets is written down, and not kept to. */
    CAP_IGNORED {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.OtherState(store, (before, after) -> {
                if (after.has("cap")) {
                    after.path("plan").forEach(migration -> after.set("target", migration.get("version")));
                }
            });
        }
    },

    /** A build compares its migrations with the plan by their numbers only. */
    NAMES_NOT_COMPARED {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.SeesItsOwnNames(store, node);
        }
    },

    /** A renewal that says that the lease is lost is not listened to. */
    LOST_RENEWAL_IGNORED {
        @Override
        Lock lockSeenBy(Lock lock) {
            return new Mutants.Hopeful(lock, true);
        }
    },

    /** A renewal whose answer was lost is taken for a success. */
    UNKNOWN_RENEWAL_TAKEN_FOR_HELD {
        @Override
        Lock lockSeenBy(Lock lock) {
            return new Mutants.Hopeful(lock, false);
        }
    },

    /** The fast path does not see the few KBs that are on record: late, failing, or with a checkpoint. */
    FAST_PATH_IGNORES_LATE_KBS {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public Snapshot look(Heartbeat self) {
                    Snapshot seen = super.look(self);
                    return new Snapshot(
                            seen.storeMicros(), seen.documents(), seen.floors(), List.of(), seen.replicas());
                }
            };
        }
    },

    /** Writing a version brings a deleted KB back. */
    ADVANCE_UPSERTS {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    writes.forEach(write -> store.enroll(Set.of(write.kbId()), write.from()));
                    List<KbWrite> renewed = Mutants.asStored(store, writes);
                    return store.write(epochs, renewed);
                }
            };
        }
    },

    /** Enrolling a KB that is enrolled already sets its version. */
    ENROLLING_LOWERS {
        @Override
        StateStore beneath(StateStore truth) {
            return new ForwardingStore(truth) {
                @Override
                public Set<String> enroll(Collection<String> kbIds, long version) {
                    store.remove(kbIds);
                    return store.enroll(kbIds, version);
                }
            };
        }
    },

    /** A version is left out. */
    VERSION_SKIPPED {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    List<KbWrite> changed = new ArrayList<>();
                    for (KbWrite write : writes) {
                        long next = node.world.model.nextFor(write.from() + 1);
                        boolean skips = write instanceof Advanced && next > 0 && next <= node.world.model.open;
                        changed.add(
                                skips ? new Advanced(write.kbId(), write.incarnation(), write.from(), next) : write);
                    }
                    return super.write(epochs, changed);
                }
            };
        }
    },

    /** A commit whose answer was lost is taken for done. */
    LOST_ANSWER_TAKEN_FOR_DONE {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    try {
                        return super.write(epochs, writes);
                    } catch (StateStoreException e) {
                        return WriteResult.ALL_DONE;
                    }
                }
            };
        }
    },

    /** The next version begins before the one before is durable. */
    NEXT_BEGINS_BEFORE_COMPLETION_IS_WRITTEN {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                private Collection<Epoch> lateEpochs = List.of();
                private List<KbWrite> late = List.of();

                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    if (!late.isEmpty()) {
                        super.write(lateEpochs, late);
                    }
                    lateEpochs = List.copyOf(epochs);
                    late = List.copyOf(writes);
                    return WriteResult.ALL_DONE;
                }
            };
        }
    },

    /** The coordinator does not wait for the KBs. */
    BARRIER_SKIPPED {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public Snapshot look(Heartbeat self) {
                    Snapshot seen = super.look(self);
                    boolean leads = node.scheduler.current().name.equals("kb-migrator-coordinator");
                    return leads
                            ? new Snapshot(
                                    seen.storeMicros(),
                                    seen.documents(),
                                    Collections.nCopies(256, Long.MAX_VALUE),
                                    List.of(),
                                    seen.replicas())
                            : seen;
                }
            };
        }
    },

    /** The coordinator builds on a look from before its epoch. */
    NO_LOOK_UNDER_THE_EPOCH {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                private Snapshot last;

                @Override
                public Snapshot look(Heartbeat self) {
                    boolean leads = node.scheduler.current().name.equals("kb-migrator-coordinator");
                    Snapshot before = last;
                    if (leads && before != null) {
                        last = null;
                        node.scheduler.point();
                        return before;
                    }
                    last = super.look(self);
                    return last;
                }
            };
        }
    },

    /** A failing KB keeps its neighbours from being tried. */
    BACKOFF_BLOCKS_OTHERS {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public Page page(PageQuery request) {
                    Page failing = super.page(new PageQuery(
                            request.partitions(),
                            PageQuery.Selection.FAILING,
                            request.belowVersion(),
                            request.due(),
                            null,
                            1));
                    return failing.kbs().isEmpty() ? super.page(request) : new Page(List.of(), null);
                }
            };
        }
    },

    /** A part that was told that it is cancelled, and then returns, counts as done. */
    QUIET_RETURN_COUNTS_AS_DONE {
        @Override
        boolean isCancelled(Execution execution) {
            // As the part sees it; the engine does not notice that it was asked
            return execution.cancellation() != null;
        }
    },

    /** A part that has finished does not count if it was cancelled meanwhile, although it could not know. */
    UNSEEN_CANCELLATION_COUNTS {
        @Override
        void returned(Execution execution) {
            // The engine asks in the part's place
            execution.isCancelled();
        }
    },

    /** A checkpoint outlives the version that it was made for. */
    CHECKPOINT_OUTLIVES_ITS_VERSION {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                private final Map<String, String> saved = new HashMap<>();

                @Override
                public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
                    for (KbWrite write : writes) {
                        if (write instanceof KbWrite.Checkpointed checkpoint) {
                            saved.putIfAbsent(write.kbId(), checkpoint.checkpoint());
                        }
                    }
                    return super.write(epochs, writes);
                }

                @Override
                public Map<String, KbState> find(Collection<String> kbIds) {
                    Map<String, KbState> found = new HashMap<>(super.find(kbIds));
                    found.replaceAll((kbId, kb) -> Mutants.withCheckpoint(kb, saved.get(kbId)));
                    return found;
                }
            };
        }
    },

    /** The engine forgets that a global part is done. */
    GLOBAL_PART_FORGOTTEN {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public Optional<Document> document(String name) {
                    return name.startsWith("global/") ? Optional.empty() : super.document(name);
                }
            };
        }
    },

    /** A page leaves out the last KB. */
    PAGE_LOSES_A_KB {
        @Override
        StateStore above(Node node, StateStore store) {
            return new ForwardingStore(store) {
                @Override
                public Page page(PageQuery request) {
                    Page page = super.page(request);
                    int size = page.kbs().size();
                    return size == 0 ? page : new Page(page.kbs().subList(0, size - 1), page.next());
                }
            };
        }
    },

    /** A KB that advances behind its floor is not kept on record. */
    LATE_KB_LOST_WHEN_IT_ADVANCES {
        @Override
        StateStore beneath(StateStore truth) {
            return new Mutants.ForgetsLateKbs(truth);
        }
    },

    /** Renewing does not ask who the owner is. */
    RENEWED_WITHOUT_OWNER {
        @Override
        Lock lock(Lock truth) {
            return new Mutants.Careless(truth, true, false);
        }
    },

    /** Releasing does not ask who the owner is. */
    RELEASED_WITHOUT_OWNER {
        @Override
        Lock lock(Lock truth) {
            return new Mutants.Careless(truth, false, false);
        }
    },

    /** A lease never expires. */
    LEASE_NEVER_EXPIRES {
        @Override
        Lock lock(Lock truth) {
            return new Mutants.Careless(truth, false, true);
        }
    },

    /** The engine does not watch its deadlines. */
    DEADLINE_IGNORED {
        @Override
        Node node(World world, String name, int knows, Map<Long, String> names) {
            return new Node(world, name, knows, names) {
                @Override
                public void start(String threadName, Runnable body) {
                    if (!threadName.equals("kb-migrator-watch")) {
                        super.start(threadName, body);
                    }
                }
            };
        }
    },

    /** That the store does not accept a version counts as a failed attempt. */
    FAILURE_TO_RECORD_COUNTS {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.CountsWhatIsNotAccepted(store);
        }
    },

    /** A row that the store does not accept is taken for an outage, so that its batch is written again and again. */
    BAD_ROW_HOLDS_UP_ITS_BATCH {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.TakesAllForOutages(store);
        }
    },

    /** An outage is taken for a row that the store does not accept. */
    OUTAGE_BLAMES_ROWS {
        @Override
        StateStore above(Node node, StateStore store) {
            return new StoreMutants.BlamesRows(store);
        }
    },

    /** A lease is given back while its parts still run. */
    RELEASED_BEFORE_QUIET {
        @Override
        Node node(World world, String name, int knows, Map<Long, String> names) {
            return new Node(world, name, knows, names) {
                @Override
                public void execute(Runnable body) {
                    super.execute(body);
                    scheduler.spawn(this, "hasty", () -> lock.releaseAll(List.copyOf(lock.leases.values())));
                }
            };
        }
    };

    /** What the store really does. */
    StateStore beneath(StateStore truth) {
        return truth;
    }

    /** What the engine of a process makes of the store. */
    StateStore above(Node node, StateStore store) {
        return store;
    }

    /** What a part is told when it asks whether it is cancelled. */
    boolean isCancelled(Execution execution) {
        return execution.isCancelled();
    }

    /** A part has returned. */
    void returned(Execution execution) {}

    /** What the lock service really does. */
    Lock lock(Lock truth) {
        return truth;
    }

    /** What the engine of a process makes of the lock service. */
    Lock lockSeenBy(Lock lock) {
        return lock;
    }

    /** The process. */
    Node node(World world, String name, int knows, Map<Long, String> names) {
        return new Node(world, name, knows, names);
    }
}
