package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.DueFilter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Completes statement templates and binds what every statement binds alike: keys, lists of numbers, and which records are
 * due. Safe for use by many threads.
 *
 * <p>In a template, {@code {kb}} is the name of a table, {@code {now}} the database's clock, {@code {forUpdate}} a lock,
 * {@code {limit}} the number of rows, and {@code {list}}, {@code {keys}} or {@code {numbers}} a list that is bound.
 */
final class Statements {

    private static final int KEYS_AT_ONCE = 256;
    private static final long NEVER = -1;

    private final TableLocation tables;
    private final Dialect dialect;
    private final Map<String, String> completed = new ConcurrentHashMap<>();

    /** What to do with a statement. */
    interface Use<T> {
        T apply(PreparedStatement statement) throws SQLException;
    }

    Statements(TableLocation tables) {
        this.tables = tables;
        this.dialect = tables.dialect();
    }

    Dialect dialect() {
        return dialect;
    }

    /** The statement with the tables, the clock and the locks of this database. */
    String sql(String template) {
        return completed.computeIfAbsent(template, this::complete);
    }

    /** The statement, with {@code {list}} as a list of so many parameters. */
    String sql(String template, int listed) {
        return sql(template.replace("{list}", Placeholders.list(listed)));
    }

    private String complete(String template) {
        return tables.sql(template.replace("{now}", dialect.now())
                .replace("{limit}", dialect.limitRows())
                .replace("{forUpdate}", dialect.forUpdate())
                .replace("{forShare}", dialect.forShare())
                .replace("{forUpdateSkippingLocked}", dialect.forUpdateSkippingLocked()));
    }

    /** Runs a query with a {@code {list}} of numbers, whose rows are a number and a value each. */
    Map<Integer, Long> query(Connection connection, String template, Collection<Integer> numbers) throws SQLException {
        Map<Integer, Long> values = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(sql(template, numbers.size()))) {
            bind(statement, 1, numbers);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    values.put(rows.getInt(1), rows.getLong(2));
                }
            }
        }
        return values;
    }

    /** Runs a statement with {@code {keys}} for all keys, as many at a time as the dialect takes. */
    <T> List<T> forKeys(Connection connection, String template, Collection<KbKey> keys, Use<T> use)
            throws SQLException {
        return forKeys(connection, template, keys, Map.of(), use);
    }

    /** The same for a statement that ends with {@code {numbers}}, the list of one number for each key. */
    <T> List<T> forKeys(
            Connection connection, String template, Collection<KbKey> keys, Map<KbKey, Long> numbers, Use<T> use)
            throws SQLException {
        List<T> results = new ArrayList<>();
        for (List<KbKey> part : split(keys)) {
            int padded = Placeholders.padded(part.size());
            String sql = sql(
                    template.replace("{keys}", dialect.keysIn(padded)).replace("{numbers}", Placeholders.list(padded)));
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                int index = bindKeys(statement, part, padded);
                for (int i = 0; i < padded && !numbers.isEmpty(); i++) {
                    statement.setLong(index++, Objects.requireNonNull(numbers.get(keyAt(part, i))));
                }
                results.add(use.apply(statement));
            }
        }
        return results;
    }

    private List<List<KbKey>> split(Collection<KbKey> keys) {
        List<List<KbKey>> parts = new ArrayList<>();
        List<KbKey> part = new ArrayList<>();
        for (KbKey key : keys) {
            boolean otherPartition = !part.isEmpty() && part.get(0).partition() != key.partition();
            if (part.size() == KEYS_AT_ONCE || (dialect.onePartitionAtOnce() && otherPartition)) {
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

    /** The last key is repeated up to the padded length. */
    private static KbKey keyAt(List<KbKey> keys, int place) {
        return keys.get(Math.min(place, keys.size() - 1));
    }

    /** Binds keys, up to the padded length; returns the index of the next parameter. */
    private int bindKeys(PreparedStatement statement, List<KbKey> keys, int padded) throws SQLException {
        int index = 1;
        if (dialect.onePartitionAtOnce()) {
            statement.setInt(index++, keys.get(0).partition());
        }
        for (int i = 0; i < padded; i++) {
            KbKey key = keyAt(keys, i);
            if (dialect.onePartitionAtOnce()) {
                dialect.setKbId(statement, index++, key.kbId());
            } else {
                index = bind(statement, index, key);
            }
        }
        return index;
    }

    /** Binds a key's partition and id; returns the index of the next parameter. */
    int bind(PreparedStatement statement, int from, KbKey key) throws SQLException {
        statement.setInt(from, key.partition());
        dialect.setKbId(statement, from + 1, key.kbId());
        return from + 2;
    }

    /** Binds a list of numbers; returns the index of the next parameter. */
    static int bind(PreparedStatement statement, int from, Collection<Integer> numbers) throws SQLException {
        int index = from;
        for (int number : numbers) {
            statement.setInt(index++, number);
        }
        return index;
    }

    /**
     * Binds which records are due: whether the database's clock decides (1) or not (0), and otherwise the time before which
     * the last failure was. Returns the index of the next parameter.
     */
    static int bind(PreparedStatement statement, int from, DueFilter due) throws SQLException {
        Long failedBefore = due.failedBefore();
        statement.setInt(from, failedBefore == null ? 1 : 0);
        statement.setLong(from + 1, failedBefore == null ? NEVER : failedBefore);
        return from + 2;
    }
}
