package dev.kbmigrator.bench;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.event.AbstractSchedulerListener;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * db-scheduler with a one-time task a tenant, all of them due. A tenant is done when its task is gone from the table.
 *
 * <p>The settings are those that the project's {@code docs/performance.md} measures for machines of two cores: the polling
 * strategy lock-and-fetch, 20 threads, limits of 4 and 20 times as many. The tasks are scheduled as the README's example of a
 * batch does.
 */
final class DbSchedulerPeer implements Contender {

    private static final int THREADS = 20;
    private static final double FETCH_WHEN_LEFT = 4.0;
    private static final double FETCH_UP_TO = 20.0;

    private static final String TABLE = """
            CREATE TABLE scheduled_tasks (
              task_name text NOT NULL,
              task_instance text NOT NULL,
              task_data bytea,
              execution_time timestamp with time zone NOT NULL,
              picked boolean NOT NULL,
              picked_by text,
              last_success timestamp with time zone,
              last_failure timestamp with time zone,
              consecutive_failures int,
              last_heartbeat timestamp with time zone,
              version bigint NOT NULL,
              priority smallint,
              PRIMARY KEY (task_name, task_instance)
            )
            """;
    private static final String DUE = "CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time)";
    private static final String HEARTBEATS = "CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat)";

    private static final OneTimeTask<Void> TASK =
            Tasks.oneTime("migrate-tenant").execute((instance, context) -> {});

    private @Nullable DataSource pool;
    private @Nullable Scheduler scheduler;
    private CountDownLatch left = new CountDownLatch(0);
    private int tenants;

    @Override
    public String name() {
        return "db-scheduler";
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        database.dropEverything();
        this.tenants = tenants;
        DataSource pool = database.pool(THREADS);
        this.pool = pool;
        Sql.execute(pool, TABLE, DUE, HEARTBEATS);
        left = new CountDownLatch(tenants);
        scheduler = Scheduler.create(pool, TASK)
                .threads(THREADS)
                .pollUsingLockAndFetch(FETCH_WHEN_LEFT, FETCH_UP_TO)
                .addSchedulerListener(new AbstractSchedulerListener() {
                    @Override
                    public void onExecutionComplete(ExecutionComplete execution) {
                        // Comes after the row was deleted
                        left.countDown();
                    }
                })
                .build();
        Stream<TaskInstance<?>> tasks = IntStream.range(0, tenants).mapToObj(i -> TASK.instance("tenant-" + i));
        scheduler.scheduleBatch(tasks, Instant.now());
        try (Connection connection = pool.getConnection()) {
            Sql.execute(connection, "VACUUM ANALYZE scheduled_tasks");
        }
    }

    @Override
    public void run() throws InterruptedException {
        Objects.requireNonNull(scheduler, "not prepared").start();
        left.await();
    }

    @Override
    public long done() throws Exception {
        return tenants
                - Sql.number(Objects.requireNonNull(pool, "not prepared"), "SELECT count(*) FROM scheduled_tasks");
    }

    @Override
    public void close() {
        if (scheduler != null) {
            scheduler.stop();
        }
    }
}
