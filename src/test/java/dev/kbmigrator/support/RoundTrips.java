package dev.kbmigrator.support;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.ExecutionInfo;
import net.ttddyy.dsproxy.QueryInfo;
import net.ttddyy.dsproxy.listener.MethodExecutionContext;
import net.ttddyy.dsproxy.listener.MethodExecutionListener;
import net.ttddyy.dsproxy.listener.QueryExecutionListener;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;

/**
 * Counts the round trips through a data source: executions of statements (a batch sent as one counts as one), commits and
 * rollbacks. A begin travels with the first statement and is not one. Safe for use by many threads.
 */
public final class RoundTrips {

    private final LongAdder count = new LongAdder();
    private final ConcurrentLinkedQueue<String> statements = new ConcurrentLinkedQueue<>();
    private final DataSource dataSource;
    private volatile boolean remembering;

    /** Over a data source. */
    public RoundTrips(DataSource real) {
        this.dataSource = ProxyDataSourceBuilder.create(real)
                .listener(new QueryExecutionListener() {
                    @Override
                    public void beforeQuery(ExecutionInfo execution, List<QueryInfo> queries) {}

                    @Override
                    public void afterQuery(ExecutionInfo execution, List<QueryInfo> queries) {
                        count.increment();
                        if (remembering) {
                            queries.forEach(query -> statements.add(query.getQuery()));
                        }
                    }
                })
                .methodListener(new MethodExecutionListener() {
                    @Override
                    public void beforeMethod(MethodExecutionContext context) {}

                    @Override
                    public void afterMethod(MethodExecutionContext context) {
                        String method = context.getMethod().getName();
                        if (method.equals("commit") || method.equals("rollback")) {
                            count.increment();
                        }
                    }
                })
                .build();
    }

    /** The data source that counts. */
    public DataSource dataSource() {
        return dataSource;
    }

    /** How many there were. */
    public long count() {
        return count.sum();
    }

    /** From here on, the statements are kept. */
    public void remember() {
        statements.clear();
        remembering = true;
    }

    /** The statements since {@link #remember}. */
    public List<String> statements() {
        return List.copyOf(statements);
    }
}
