package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** Completes statement templates for a database, and binds lists. Safe for use by many threads. */
final class Statements {

    private final Database database;
    private final Dialect dialect;
    private final Map<String, String> completed = new ConcurrentHashMap<>();

    /** Something to do with a statement. */
    interface Use<T> {
        T with(PreparedStatement statement) throws SQLException;
    }

    Statements(Database database, Dialect dialect) {
        this.database = database;
        this.dialect = dialect;
    }

    Dialect dialect() {
        return dialect;
    }

    /** The statement with its tables, its clock and its locks as this database puts them. */
    String sql(String template) {
        return completed.computeIfAbsent(template, this::complete);
    }

    private String complete(String template) {
        return database.sql(template.replace("{now}", dialect.now())
                .replace("{forUpdate}", dialect.forUpdate())
                .replace("{forShare}", dialect.forShare())
                .replace("{forUpdateSkippingLocked}", dialect.forUpdateSkippingLocked()));
    }

    /** Runs a statement with {@code {keys}} for all keys, as many at a time as the dialect takes. */
    <T> List<T> forKeys(Connection connection, String template, Collection<Key> keys, Use<T> use) throws SQLException {
        List<T> results = new ArrayList<>();
        for (List<Key> part : split(keys)) {
            int padded = Placeholders.padded(part.size());
            String sql = sql(template.replace("{keys}", dialect.keysIn(padded)));
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                bindKeys(statement, part, padded);
                results.add(use.with(statement));
            }
        }
        return results;
    }

    private List<List<Key>> split(Collection<Key> keys) {
        List<List<Key>> parts = new ArrayList<>();
        List<Key> part = new ArrayList<>();
        for (Key key : keys) {
            boolean otherPartition = !part.isEmpty() && part.get(0).partition() != key.partition();
            if (part.size() == dialect.keysAtOnce() || (dialect.onePartitionAtOnce() && otherPartition)) {
                parts.add(part);
                part = new ArrayList<>();
            }
            part.add(key);
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }

    /** The last key fills the list up. */
    private void bindKeys(PreparedStatement statement, List<Key> keys, int padded) throws SQLException {
        int index = 1;
        if (dialect.onePartitionAtOnce()) {
            statement.setInt(index++, keys.get(0).partition());
        }
        for (int i = 0; i < padded; i++) {
            Key key = keys.get(Math.min(i, keys.size() - 1));
            if (!dialect.onePartitionAtOnce()) {
                statement.setInt(index++, key.partition());
            }
            dialect.setKbId(statement, index++, key.kbId());
        }
    }

    /** Until the transaction ends, nobody raises these floors. */
    Map<Integer, Long> lockFloors(Connection connection, SortedSet<Key> keys) throws SQLException {
        SortedSet<Integer> partitions = new TreeSet<>();
        keys.forEach(key -> partitions.add(key.partition()));
        Map<Integer, Long> floors = new HashMap<>();
        String sql = sql("SELECT kb_partition, version FROM {floor} WHERE kb_partition IN ("
                + Placeholders.rows(partitions.size(), 1) + ") ORDER BY kb_partition {forShare}");
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            bind(statement, 1, partitions);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    floors.put(rows.getInt(1), rows.getLong(2));
                }
            }
        }
        return floors;
    }

    /** Binds numbers from an index on; answers the index after them. */
    static int bind(PreparedStatement statement, int from, Collection<Integer> numbers) throws SQLException {
        int index = from;
        for (int number : numbers) {
            statement.setInt(index++, number);
        }
        return index;
    }

    /** Reads name, revision and text. */
    static List<Document> documents(PreparedStatement statement) throws SQLException {
        List<Document> documents = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                documents.add(new Document(rows.getString(1), rows.getLong(2), rows.getString(3)));
            }
        }
        return documents;
    }
}
