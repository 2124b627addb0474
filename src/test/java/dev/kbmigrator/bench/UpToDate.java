package dev.kbmigrator.bench;

import dev.kbmigrator.Migrator;
import dev.kbmigrator.jdbc.JdbcSettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.QueryInfo;
import net.ttddyy.dsproxy.proxy.ParameterSetOperation;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Scenario (a): starts with nothing to do, again and again; after each, the statements that the library has sent are sent once
 * more, bare, over the same pool.
 */
final class UpToDate implements Reporting {

    private static final int TIMES = 300;

    private final ConcurrentLinkedQueue<QueryInfo> sent = new ConcurrentLinkedQueue<>();
    private final Map<String, Double> figures = new TreeMap<>();
    private final KbMigrator fleet = new KbMigrator("a", 0, BenchFleet.each(BenchFleet.NO_OP));
    private @Nullable DataSource observed;
    private int kbs;

    @Override
    public String name() {
        return "a";
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        kbs = tenants;
        fleet.prepare(database, tenants);
        observed = ProxyDataSourceBuilder.create(fleet.pool())
                .afterQuery((execution, queries) -> sent.addAll(queries))
                .build();
    }

    @Override
    public void run() throws Exception {
        double[] library = new double[TIMES];
        double[] bare = new double[TIMES];
        for (int i = 0; i < TIMES; i++) {
            try (Migrator migrator =
                    fleet.builder(JdbcSettings.of(observed()), kbs).build()) {
                sent.clear();
                library[i] = milliseconds(migrator::run);
                List<QueryInfo> statements = List.copyOf(sent);
                figures.put("round_trips", (double) statements.size());
                bare[i] = milliseconds(() -> sendAll(statements));
            }
        }
        figures.put("cold_milliseconds", library[0]);
        figures.put("milliseconds", median(library));
        figures.put("bare_milliseconds", median(bare));
        figures.put("over_bare", median(library) / median(bare));
    }

    private interface Action {
        void run() throws Exception;
    }

    private static double milliseconds(Action action) throws Exception {
        long startedAt = System.nanoTime();
        action.run();
        return (System.nanoTime() - startedAt) / 1e6;
    }

    private void sendAll(List<QueryInfo> statements) throws Exception {
        try (Connection connection = observed().getConnection()) {
            for (QueryInfo statement : statements) {
                send(connection, statement);
            }
        }
    }

    private static void send(Connection connection, QueryInfo query) throws Exception {
        try (PreparedStatement statement = connection.prepareStatement(query.getQuery())) {
            for (List<ParameterSetOperation> parameters : query.getParametersList()) {
                for (ParameterSetOperation parameter : parameters) {
                    parameter.getMethod().invoke(statement, parameter.getArgs());
                }
            }
            if (statement.execute()) {
                readAll(statement);
            }
        }
    }

    private static void readAll(PreparedStatement statement) throws SQLException {
        try (ResultSet rows = statement.getResultSet()) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int column = 1; column <= columns; column++) {
                    rows.getString(column);
                }
            }
        }
    }

    /** The first ones, while everything is cold, are no part of it. */
    private static double median(double[] milliseconds) {
        double[] warm = Arrays.copyOfRange(milliseconds, TIMES / 3, TIMES);
        Arrays.sort(warm);
        return warm[warm.length / 2];
    }

    private DataSource observed() {
        return Objects.requireNonNull(observed, "not prepared");
    }

    @Override
    public Map<String, Double> figures() {
        return figures;
    }

    @Override
    public long done() throws Exception {
        return fleet.done();
    }

    @Override
    public void close() {
        fleet.close();
    }
}
