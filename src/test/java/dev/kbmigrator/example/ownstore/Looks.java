package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A look: the heartbeat, and then the shared state, part after part: documents, floors, and KBs with attempts. */
final class Looks {

    private Looks() {}

    static Snapshot look(Connection connection, Heartbeat self) throws SQLException {
        long now = Transactions.nowMicros(connection);
        if (!self.observer()) {
            announce(connection, self.self(), now);
            report(connection, self, now);
        }
        List<Document> documents = Documents.startingWith(connection, Document.ANNOUNCED);
        List<Long> floors = floors(connection);
        List<Kb> kbs = kbs(connection, self.thorough());
        return new Snapshot(
                now,
                documents,
                self.thorough() ? lowestVersions(kbs) : floors,
                attempts(kbs, self.due(), now),
                replicas(connection));
    }

    private static void announce(Connection connection, ReplicaInfo self, long now) throws SQLException {
        try (PreparedStatement known = connection.prepareStatement("""
                UPDATE kb_migrator_replica
                SET node = ?, build = ?, fleet = ?, newest_version = ?, baseline = ?, ready = ?, last_seen_us = ?
                WHERE replica_id = ?
                """);
                PreparedStatement unknown = connection.prepareStatement("""
                INSERT INTO kb_migrator_replica
                  (node, build, fleet, newest_version, baseline, ready, last_seen_us, replica_id, first_seen_us)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)) {
            bind(known, self, now);
            if (known.executeUpdate() == 0) {
                bind(unknown, self, now);
                unknown.setLong(9, now);
                unknown.executeUpdate();
            }
        }
    }

    private static void bind(PreparedStatement statement, ReplicaInfo self, long now) throws SQLException {
        statement.setString(1, self.node());
        statement.setString(2, self.build());
        statement.setString(3, self.fleet());
        statement.setLong(4, self.newestVersion());
        statement.setLong(5, self.baseline());
        statement.setBoolean(6, self.ready());
        statement.setLong(7, now);
        statement.setString(8, self.replicaId());
    }

    /** A report replaces the one before; without one, that stays. */
    private static void report(Connection connection, Heartbeat self, long now) throws SQLException {
        if (self.report() == null) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement("""
                UPDATE kb_migrator_replica SET report = ?, reported_us = ? WHERE replica_id = ?
                """)) {
            statement.setString(1, self.report());
            statement.setLong(2, now);
            statement.setString(3, self.self().replicaId());
            statement.executeUpdate();
        }
    }

    static List<ReplicaReport> reports(Connection connection) throws SQLException {
        List<ReplicaReport> reports = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT replica_id, report, reported_us FROM kb_migrator_replica WHERE report IS NOT NULL
                """);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                reports.add(new ReplicaReport(rows.getString(1), rows.getString(2), rows.getLong(3)));
            }
        }
        return reports;
    }

    private static List<Long> floors(Connection connection) throws SQLException {
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 0L));
        try (PreparedStatement statement =
                        connection.prepareStatement("SELECT scope, version_floor FROM kb_migrator_scope");
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                if (rows.getInt(1) < Partitions.COUNT) {
                    floors.set(rows.getInt(1), rows.getLong(2));
                }
            }
        }
        return floors;
    }

    /** A KB, with its attempt or without one. */
    private record Kb(int partition, long version, @Nullable String attempt) {}

    /**
     * The KBs with attempts, or all. A thorough look needs both parts from one statement: a KB whose attempt ends between two
     * statements is in neither.
     */
    private static List<Kb> kbs(Connection connection, boolean all) throws SQLException {
        List<Kb> kbs = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT migration_partition, migration_version, migration_attempt FROM kb_config
                WHERE migration_version IS NOT NULL AND (? OR migration_attempt IS NOT NULL)
                """)) {
            statement.setBoolean(1, all);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    kbs.add(new Kb(rows.getInt(1), rows.getLong(2), rows.getString(3)));
                }
            }
        }
        return kbs;
    }

    private static List<Long> lowestVersions(List<Kb> kbs) {
        List<Long> lowest = new ArrayList<>(Collections.nCopies(Partitions.COUNT, Long.MAX_VALUE));
        for (Kb kb : kbs) {
            if (kb.attempt() == null) {
                lowest.set(kb.partition(), Math.min(kb.version(), lowest.get(kb.partition())));
            }
        }
        return lowest;
    }

    private record Group(int partition, long version) {}

    /** Attempts are few, so that they are told apart here rather than in SQL. */
    private static List<KbRecordCount> attempts(List<Kb> kbs, DueFilter due, long now) {
        Map<Group, KbRecordCount> counts = new HashMap<>();
        for (Kb kb : kbs) {
            if (kb.attempt() != null) {
                KbRecord attempt = KbRecords.attempt(kb.attempt(), null);
                boolean isDue = due.isDue(attempt, now);
                boolean waits = !isDue && !attempt.setAside();
                KbRecordCount one = new KbRecordCount(
                        kb.partition(),
                        attempt.version(),
                        isDue ? 1 : 0,
                        waits ? 1 : 0,
                        attempt.setAside() ? 1 : 0,
                        waits ? attempt.dueMicros() : Long.MAX_VALUE,
                        attempt.countsAsFailing() ? 1 : 0);
                counts.merge(new Group(one.partition(), one.version()), one, Looks::sum);
            }
        }
        return List.copyOf(counts.values());
    }

    private static KbRecordCount sum(KbRecordCount a, KbRecordCount b) {
        return new KbRecordCount(
                a.partition(),
                a.version(),
                a.due() + b.due(),
                a.waiting() + b.waiting(),
                a.setAside() + b.setAside(),
                Math.min(a.nextDueMicros(), b.nextDueMicros()),
                a.failing() + b.failing());
    }

    private static List<ReplicaState> replicas(Connection connection) throws SQLException {
        List<ReplicaState> replicas = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT replica_id, node, build, fleet, newest_version, baseline, ready, first_seen_us, last_seen_us
                FROM kb_migrator_replica
                """);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                ReplicaInfo info = new ReplicaInfo(
                        rows.getString(1),
                        rows.getString(2),
                        rows.getString(3),
                        rows.getString(4),
                        rows.getLong(5),
                        rows.getLong(6),
                        rows.getBoolean(7));
                replicas.add(new ReplicaState(info, rows.getLong(8), rows.getLong(9)));
            }
        }
        return replicas;
    }
}
