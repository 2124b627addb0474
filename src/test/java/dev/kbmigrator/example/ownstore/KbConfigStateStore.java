package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.example.ownstore.Scopes.Scope;
import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A {@link StateStore} over the host's own table {@code kb_config}: the version of a KB stands in the host's own record, next
 * to its title and settings, which this class neither reads nor writes. A KB is enrolled when its {@code migration_version}
 * is not null. Only the host makes records and deletes them; deleting one forgets the KB, whatever is under way.
 *
 * <p>How it keeps the rules: each transaction that changes something locks the rows of its scopes first ({@link Scopes}),
 * then checks what it must, then changes it. H2 and PostgreSQL understand its SQL. Safe for use by many threads.
 */
public class KbConfigStateStore implements StateStore {

    private final Transactions transactions;

    /**
     * A store over tables that are there.
     *
     * @param dataSource the host's data source
     */
    public KbConfigStateStore(DataSource dataSource) {
        this.transactions = new Transactions(dataSource);
    }

    @Override
    public Snapshot look(Heartbeat self) {
        return transactions.run("look at the shared state", connection -> Looks.look(connection, self));
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return transactions.run("read the replicas' reports", Looks::reports);
    }

    @Override
    public void forgetReplica(String replicaId) {
        transactions.run("forget a replica", connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("DELETE FROM kb_migrator_replica WHERE replica_id = ?")) {
                statement.setString(1, replicaId);
                return statement.executeUpdate();
            }
        });
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return transactions.run("open epochs", connection -> {
            Map<Integer, Epoch> opened = new HashMap<>();
            Scopes.lock(connection, scopes)
                    .forEach((scope, row) -> opened.put(scope, new Epoch(scope, row.epoch() + 1)));
            Scopes.openNext(connection, scopes);
            return opened;
        });
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        return transactions.run("enrol KBs", connection -> {
            SortedMap<Integer, Scope> locked = Scopes.lock(connection, partitions(kbIds));
            List<KbState> kbs = new ArrayList<>();
            List<Integer> partitions = new ArrayList<>();
            for (String kbId : new TreeSet<>(kbIds)) {
                int partition = Partitions.of(kbId);
                boolean isBehind = version < floor(locked, kbId);
                KbRecord late = isBehind ? KbRecords.dueAtOnce(version + 1) : null;
                kbs.add(new KbState(kbId, Transactions.uniqueNumber(), version, late));
                partitions.add(partition);
            }
            return KbRecords.enroll(connection, kbs, partitions);
        });
    }

    @Override
    public void remove(Collection<String> kbIds) {
        transactions.run("remove KBs", connection -> {
            Scopes.lock(connection, partitions(kbIds));
            KbRecords.forget(connection, kbIds);
            return kbIds;
        });
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        return transactions.run("find KBs", connection -> found(connection, kbIds));
    }

    private static Map<String, KbState> found(Connection connection, Collection<String> kbIds) throws SQLException {
        return KbRecords.find(connection, Set.copyOf(kbIds)).stream()
                .collect(Collectors.toMap(KbState::kbId, Function.identity()));
    }

    /** In the order of the ids, which never change: a KB is neither skipped nor met twice, whatever is written meanwhile. */
    @Override
    public Page page(PageQuery request) {
        String after = request.after() == null ? "" : request.after().position();
        return transactions.run("list KBs", connection -> {
            List<KbState> kbs =
                    KbRecords.after(connection, after, request.partitions(), request.belowVersion(), request.limit());
            Cursor next = kbs.size() < request.limit()
                    ? null
                    : new Cursor(kbs.get(kbs.size() - 1).kbId());
            long now = Transactions.nowMicros(connection);
            return new Page(
                    kbs.stream().filter(kb -> isSelected(kb, request, now)).toList(), next);
        });
    }

    private static boolean isSelected(KbState kb, PageQuery request, long now) {
        var attempt = kb.record();
        if (request.selection() == Selection.FAILING) {
            return attempt != null && (attempt.failures() > 0 || attempt.setAside());
        }
        return request.selection() == Selection.ALL
                || attempt == null
                || request.due().isDue(attempt, now);
    }

    @Override
    public long count(long belowVersion) {
        return transactions.run("count KBs", connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT COUNT(*) FROM kb_config WHERE migration_version < ?")) {
                statement.setLong(1, belowVersion);
                try (var rows = statement.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        return transactions.run("write a batch", connection -> {
            SortedMap<Integer, Scope> locked = Scopes.lock(connection, scopes(epochs));
            Set<Integer> stale = Scopes.stale(locked, epochs);
            stale.addAll(withoutEpoch(writes, locked.keySet()));
            return stale.isEmpty() ? write(connection, locked, writes) : WriteResult.refused(stale);
        });
    }

    /** The partitions of KBs for which the batch carries no epoch: nothing is written without one. */
    private static Set<Integer> withoutEpoch(List<KbWrite> writes, Set<Integer> scopes) {
        Set<Integer> partitions = partitions(writes.stream().map(KbWrite::kbId).toList());
        return partitions.stream().filter(scope -> !scopes.contains(scope)).collect(Collectors.toSet());
    }

    private static WriteResult write(Connection connection, SortedMap<Integer, Scope> locked, List<KbWrite> writes)
            throws SQLException {
        Map<String, KbState> stored =
                found(connection, writes.stream().map(KbWrite::kbId).toList());
        Map<String, WriteResult.NotDone> exceptions = new HashMap<>();
        long now = Transactions.nowMicros(connection);
        List<KbWrite> fitting = new ArrayList<>();
        List<KbState> after = new ArrayList<>();
        for (KbWrite write : writes) {
            KbState before = stored.get(write.kbId());
            if (before == null || before.incarnation() != write.incarnation()) {
                exceptions.put(write.kbId(), new WriteResult.Gone());
            } else if (before.version() != write.from()) {
                exceptions.put(write.kbId(), new WriteResult.Stale(before.version()));
            } else {
                fitting.add(write);
                after.add(KbRecords.after(write, before, floor(locked, write.kbId()), now));
            }
        }
        KbRecords.store(connection, fitting, after).forEach(kbId -> exceptions.put(kbId, new WriteResult.Gone()));
        return new WriteResult(Set.of(), exceptions);
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        return transactions.run("raise floors", connection -> {
            SortedMap<Integer, Scope> locked = Scopes.lock(connection, scopes(epochs));
            locked.keySet().removeAll(Scopes.stale(locked, epochs));
            return Scopes.raise(connection, locked, version);
        });
    }

    @Override
    public Optional<Document> document(String name) {
        return transactions.run("read a document", connection -> Documents.named(connection, name)).stream()
                .findFirst();
    }

    @Override
    public List<Document> documents(String prefix) {
        return transactions.run("read documents", connection -> Documents.startingWith(connection, prefix));
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        Set<Epoch> fences = fence == null ? Set.of() : Set.of(fence);
        Set<Integer> scopes = scopes(fences);
        scopes.add(Epoch.COORDINATOR);
        return transactions.run("change a document", connection -> {
            SortedMap<Integer, Scope> locked = Scopes.lock(connection, scopes);
            return Scopes.stale(locked, fences).isEmpty() && Documents.change(connection, name, expectedRevision, json);
        });
    }

    private static Set<Integer> scopes(Collection<Epoch> epochs) {
        return epochs.stream().map(Epoch::scope).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<Integer> partitions(Collection<String> kbIds) {
        return kbIds.stream().map(Partitions::of).collect(Collectors.toSet());
    }

    private static long floor(SortedMap<Integer, Scope> locked, String kbId) {
        return Objects.requireNonNull(locked.get(Partitions.of(kbId)), "its partition is locked")
                .floor();
    }
}
