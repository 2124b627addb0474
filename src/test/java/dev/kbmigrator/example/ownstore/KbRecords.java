package dev.kbmigrator.example.ownstore;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the migrator keeps in the host's records: five columns, and never another one. A record is neither made nor deleted
 * here, only the host does that.
 */
final class KbRecords {

    private static final ObjectMapper JSON = new ObjectMapper();

    private KbRecords() {}

    static List<KbState> find(Connection connection, Collection<String> kbIds) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT kb_id, migration_incarnation, migration_version, migration_attempt, migration_checkpoint FROM kb_config
                WHERE kb_id = ANY(?) AND migration_version IS NOT NULL
                """)) {
            Transactions.setTexts(statement, 1, kbIds);
            return read(statement);
        }
    }

    /** Up to the limit, by their ids, after one of them. */
    static List<KbState> after(Connection connection, String kbId, Set<Integer> partitions, long below, int limit)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                SELECT kb_id, migration_incarnation, migration_version, migration_attempt, NULL FROM kb_config
                WHERE kb_id > ? AND migration_partition = ANY(?) AND migration_version < ?
                ORDER BY kb_id LIMIT ?
                """)) {
            statement.setString(1, kbId);
            Transactions.setNumbers(statement, 2, partitions);
            statement.setLong(3, below);
            statement.setInt(4, limit);
            return read(statement);
        }
    }

    private static List<KbState> read(PreparedStatement statement) throws SQLException {
        List<KbState> kbs = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                String json = rows.getString(4);
                kbs.add(new KbState(
                        rows.getString(1),
                        rows.getLong(2),
                        rows.getLong(3),
                        json == null ? null : attempt(json, rows.getString(5))));
            }
        }
        return kbs;
    }

    /** Enrols the KBs that the host has and that are not enrolled yet; answers them. */
    static Set<String> enroll(Connection connection, List<KbState> kbs, List<Integer> partitions) throws SQLException {
        Set<String> enrolled = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                UPDATE kb_config
                SET migration_incarnation = ?, migration_version = ?, migration_attempt = ?, migration_partition = ?
                WHERE kb_id = ? AND migration_version IS NULL
                """)) {
            for (int i = 0; i < kbs.size(); i++) {
                statement.setLong(1, kbs.get(i).incarnation());
                statement.setLong(2, kbs.get(i).version());
                statement.setString(3, json(kbs.get(i).record()));
                statement.setInt(4, partitions.get(i));
                statement.setString(5, kbs.get(i).kbId());
                statement.addBatch();
            }
            int[] counts = statement.executeBatch();
            for (int i = 0; i < counts.length; i++) {
                if (counts[i] == 1) {
                    enrolled.add(kbs.get(i).kbId());
                }
            }
        }
        return enrolled;
    }

    /** Forgets what the migrator keeps of the KBs, and leaves the rest of their records. */
    static void forget(Connection connection, Collection<String> kbIds) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("""
                UPDATE kb_config SET migration_incarnation = NULL, migration_version = NULL, migration_attempt = NULL,
                  migration_partition = NULL, migration_checkpoint = NULL
                WHERE kb_id = ANY(?)
                """)) {
            Transactions.setTexts(statement, 1, kbIds);
            statement.executeUpdate();
        }
    }

    /** Stores what has become of KBs, each from the version before; answers those that the host has deleted meanwhile. */
    static Set<String> store(Connection connection, List<KbWrite> writes, List<KbState> after) throws SQLException {
        Set<String> gone = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement("""
                UPDATE kb_config SET migration_version = ?, migration_attempt = ?, migration_checkpoint = ?
                WHERE kb_id = ? AND migration_incarnation = ? AND migration_version = ?
                """)) {
            for (int i = 0; i < writes.size(); i++) {
                KbRecord attempt = after.get(i).record();
                statement.setLong(1, after.get(i).version());
                statement.setString(2, json(attempt));
                statement.setString(3, attempt == null ? null : attempt.checkpoint());
                statement.setString(4, writes.get(i).kbId());
                statement.setLong(5, writes.get(i).incarnation());
                statement.setLong(6, writes.get(i).from());
                statement.addBatch();
            }
            int[] counts = statement.executeBatch();
            for (int i = 0; i < counts.length; i++) {
                if (counts[i] == 0) {
                    gone.add(writes.get(i).kbId());
                }
            }
        }
        return gone;
    }

    /** What a write makes of a KB. */
    static KbState after(KbWrite write, KbState before, long floor, long now) {
        KbRecord attempt = before.record();
        if (write instanceof KbWrite.Advanced advanced) {
            boolean isBehind = attempt != null && advanced.to() < floor;
            return new KbState(
                    before.kbId(), before.incarnation(), advanced.to(), isBehind ? dueAtOnce(advanced.to() + 1) : null);
        }
        if (write instanceof KbWrite.Failed failed) {
            Duration retryAfter = failed.retryAfter();
            String checkpoint = attempt != null && attempt.version() == failed.version() ? attempt.checkpoint() : null;
            return new KbState(
                    before.kbId(),
                    before.incarnation(),
                    before.version(),
                    new KbRecord(
                            failed.version(),
                            failed.failures(),
                            failed.error(),
                            now,
                            retryAfter == null ? 0 : now + retryAfter.dividedBy(ChronoUnit.MICROS.getDuration()),
                            retryAfter == null,
                            checkpoint != null,
                            checkpoint));
        }
        KbWrite.Checkpointed saved = (KbWrite.Checkpointed) write;
        KbRecord kept = attempt != null && attempt.version() == saved.version() ? attempt : dueAtOnce(saved.version());
        KbRecord after = withCheckpoint(kept, true, saved.checkpoint());
        return new KbState(before.kbId(), before.incarnation(), before.version(), after);
    }

    static KbRecord dueAtOnce(long version) {
        return new KbRecord(version, 0, null, 0, 0, false, false, null);
    }

    private static KbRecord withCheckpoint(KbRecord attempt, boolean checkpointed, @Nullable String checkpoint) {
        return new KbRecord(
                attempt.version(),
                attempt.failures(),
                attempt.error(),
                attempt.failedMicros(),
                attempt.dueMicros(),
                attempt.setAside(),
                checkpointed,
                checkpoint);
    }

    static KbRecord attempt(String json, @Nullable String checkpoint) {
        try {
            KbRecord attempt = JSON.readValue(json, KbRecord.class);
            return withCheckpoint(attempt, attempt.checkpointed(), checkpoint);
        } catch (JsonProcessingException e) {
            throw new StateStoreException("a migration_attempt of kb_config is not what was written there", e);
        }
    }

    /** Without the checkpoint, which has a column of its own. */
    private static @Nullable String json(@Nullable KbRecord attempt) {
        if (attempt == null) {
            return null;
        }
        try {
            return JSON.writeValueAsString(withCheckpoint(attempt, attempt.checkpointed(), null));
        } catch (JsonProcessingException e) {
            throw new StateStoreException("an attempt cannot be written as JSON", e);
        }
    }
}
