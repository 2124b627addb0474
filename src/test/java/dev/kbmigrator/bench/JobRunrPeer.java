package dev.kbmigrator.bench;

import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jobrunr.configuration.JobRunr;
import org.jobrunr.jobs.Job;
import org.jobrunr.jobs.filters.ApplyStateFilter;
import org.jobrunr.jobs.lambdas.JobRequest;
import org.jobrunr.jobs.lambdas.JobRequestHandler;
import org.jobrunr.jobs.states.JobState;
import org.jobrunr.jobs.states.StateName;
import org.jobrunr.scheduling.JobRequestScheduler;
import org.jobrunr.server.BackgroundJobServerConfiguration;
import org.jobrunr.server.JobActivator;
import org.jobrunr.storage.sql.postgres.PostgresStorageProvider;
import org.jobrunr.utils.mapper.jackson.JacksonJsonMapper;
import org.jspecify.annotations.Nullable;

/**
 * JobRunr with a job a tenant. A tenant is done when its job is stored as succeeded.
 *
 * <p>A server that was just started polls only after a second, and then every five at the soonest. So that none of this is
 * measured, it is started before: a job that waits holds each worker until the measured time begins, while the tenants' jobs are
 * enqueued; a worker that becomes idle fetches its next job at once.
 *
 * <p>The settings are those of the API documentation: {@code JobRequestScheduler.enqueue(Stream)} for enqueueing in bulk, jobs as
 * requests, whose byte code need not be analysed, the shortest poll interval that {@code BackgroundJobServerConfiguration}
 * allows with SQL, and as many workers as it gives two cores by default. Threads are the platform's: the documentation's page on
 * virtual threads asks for a JDK of at least 21.
 */
final class JobRunrPeer implements Contender {

    private static final int WORKERS = 16;
    private static final int STEWARDS = 4;
    private static final int POLL_SECONDS = 5;

    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch waiting = new CountDownLatch(WORKERS);
    private CountDownLatch left = new CountDownLatch(0);
    private @Nullable DataSource pool;

    @Override
    public String name() {
        return "jobrunr";
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        database.dropEverything();
        left = new CountDownLatch(WORKERS + tenants);
        DataSource pool = database.pool(WORKERS + STEWARDS);
        this.pool = pool;
        JobRequestScheduler scheduler = JobRunr.configure()
                .useJsonMapper(new JacksonJsonMapper())
                .useStorageProvider(new PostgresStorageProvider(pool))
                .useJobActivator(activator())
                .withJobFilter(new CountsWhatSucceeded())
                .useBackgroundJobServer(BackgroundJobServerConfiguration.usingStandardBackgroundJobServerConfiguration()
                        .andWorkerCount(WORKERS)
                        .andPollIntervalInSeconds(POLL_SECONDS))
                .initialize()
                .getJobRequestScheduler();
        scheduler.enqueue(Stream.generate(WaitForTheStart::new).limit(WORKERS));
        waiting.await();
        scheduler.enqueue(IntStream.range(0, tenants).mapToObj(i -> new MigrateTenant("tenant-" + i)));
        try (Connection connection = pool.getConnection()) {
            Sql.execute(connection, "VACUUM ANALYZE jobrunr_jobs");
        }
    }

    private JobActivator activator() {
        return new JobActivator() {
            private final Object waiter = new Waiter(waiting, gate);
            private final Object migrator = new NoOp();

            @Override
            public <T> T activateJob(Class<T> type) {
                return type.cast(type == Waiter.class ? waiter : migrator);
            }
        };
    }

    @Override
    public void run() throws InterruptedException {
        gate.countDown();
        left.await();
    }

    @Override
    public long done() throws Exception {
        return Sql.number(
                Objects.requireNonNull(pool, "not prepared"),
                "SELECT count(*) FROM jobrunr_jobs WHERE state = 'SUCCEEDED' AND jobsignature LIKE '%MigrateTenant%'");
    }

    @Override
    public void close() {
        JobRunr.destroy();
    }

    private final class CountsWhatSucceeded implements ApplyStateFilter {
        @Override
        public void onStateApplied(Job job, JobState oldState, JobState newState) {
            if (newState.getName() == StateName.SUCCEEDED) {
                left.countDown();
            }
        }
    }

    public static final class MigrateTenant implements JobRequest {

        private final String tenant;

        /** JobRunr asks for it, to read the request back. */
        MigrateTenant() {
            this("");
        }

        MigrateTenant(String tenant) {
            this.tenant = tenant;
        }

        @Override
        public Class<NoOp> getJobRequestHandler() {
            return NoOp.class;
        }

        @Override
        public String toString() {
            return tenant;
        }
    }

    public static final class NoOp implements JobRequestHandler<MigrateTenant> {
        @Override
        public void run(MigrateTenant request) {}
    }

    public static final class WaitForTheStart implements JobRequest {
        @Override
        public Class<Waiter> getJobRequestHandler() {
            return Waiter.class;
        }
    }

    public static final class Waiter implements JobRequestHandler<WaitForTheStart> {

        private final CountDownLatch waiting;
        private final CountDownLatch gate;

        Waiter(CountDownLatch waiting, CountDownLatch gate) {
            this.waiting = waiting;
            this.gate = gate;
        }

        @Override
        public void run(WaitForTheStart request) throws InterruptedException {
            waiting.countDown();
            gate.await();
        }
    }
}
