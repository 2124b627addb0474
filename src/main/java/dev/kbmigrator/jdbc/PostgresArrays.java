package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;

/** Binds lists as arrays, on PostgreSQL. */
final class PostgresArrays {

    private PostgresArrays() {}

    static Array smallints(Connection connection, Collection<Integer> numbers) throws SQLException {
        return connection.createArrayOf(
                "int2", numbers.stream().map(Integer::shortValue).toArray(Short[]::new));
    }

    /** Binds the partitions and the ids of keys; returns the index of the next parameter. */
    static int bindKeys(Connection connection, PreparedStatement statement, int from, Collection<KbKey> keys)
            throws SQLException {
        Short[] partitions = keys.stream().map(key -> (short) key.partition()).toArray(Short[]::new);
        String[] kbIds = keys.stream().map(KbKey::kbId).toArray(String[]::new);
        return bindKeys(connection, statement, from, partitions, kbIds);
    }

    /** The same for keys that are arrays already. */
    static int bindKeys(
            Connection connection, PreparedStatement statement, int from, Short[] partitions, String[] kbIds)
            throws SQLException {
        statement.setArray(from, connection.createArrayOf("int2", partitions));
        statement.setArray(from + 1, connection.createArrayOf("text", kbIds));
        return from + 2;
    }

    /** Binds scopes and numbers, from the first parameter on; returns the index of the next parameter. */
    static int bindEpochs(Connection connection, PreparedStatement statement, List<Epoch> epochs) throws SQLException {
        Short[] scopes = epochs.stream().map(epoch -> (short) epoch.scope()).toArray(Short[]::new);
        Long[] numbers = epochs.stream().map(Epoch::number).toArray(Long[]::new);
        statement.setArray(1, connection.createArrayOf("int2", scopes));
        statement.setArray(2, connection.createArrayOf("int8", numbers));
        return 3;
    }
}
