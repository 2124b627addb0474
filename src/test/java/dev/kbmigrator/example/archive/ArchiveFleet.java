package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Two replicas, as two processes. One is killed when a third of the KBs that are to be recorded are, in the middle of a part,
 * and is started again at once, as an orchestrator would.
 */
final class ArchiveFleet implements AutoCloseable {

    /** The name of the replica that is killed; its second life has a name of its own. */
    static final String VICTIM = "b";

    private static final String SECOND_LIFE = "b2";
    private static final Duration POLL = Duration.ofMillis(50);
    private static final long STUCK_NANOS = TimeUnit.MINUTES.toNanos(3);

    private final ArchiveSettings settings;
    private final ArchiveHost host;
    private final String url;
    private final ProgressDisplay display;
    private final ArchiveReport report;
    private final List<ArchiveProcess> replicas = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(this::killAll, "archive-end");

    ArchiveFleet(ArchiveSettings settings, ArchiveHost host, ArchiveServer server, ProgressDisplay display) {
        this.settings = settings;
        this.host = host;
        this.url = server.url();
        this.display = display;
        this.report = new ArchiveReport(server.dataSource());
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Runs until every KB is done; answers when the victim was killed, unless all was done before it came to that. */
    Optional<Instant> bringUp(long kbs) throws IOException, SQLException, InterruptedException {
        ArchiveProcess other = start("a");
        ArchiveProcess victim = start(VICTIM);
        other.awaitReady();
        victim.awaitReady();
        other.go();
        victim.go();
        FleetProgress before = FleetProgress.of(kbs, host.storage().stateStore());
        Optional<Instant> killed = Optional.empty();
        Watchdog watchdog = new Watchdog(STUCK_NANOS);
        for (Optional<ArchiveProcess> running = anyAlive(); running.isPresent(); running = anyAlive()) {
            running.get().awaitEnd(POLL);
            FleetProgress progress = FleetProgress.of(kbs, host.storage().stateStore());
            display.show(progress);
            watchdog.check(progress);
            if (killed.isEmpty() && isInTheMiddle(before, progress) && victim.isAlive()) {
                victim.kill();
                killed = Optional.of(Instant.now());
                replicas.remove(victim);
                display.say("Killed " + victim + " with " + progress.recorded() + " of " + kbs
                        + " KBs recorded, and started it again");
                start(SECOND_LIFE).go();
            }
            for (ArchiveProcess replica : replicas) {
                replica.check();
            }
        }
        display.clear();
        return killed;
    }

    private ArchiveProcess start(String name) throws IOException {
        ArchiveProcess replica = ArchiveProcess.start(name, settings, url);
        replicas.add(replica);
        return replica;
    }

    private Optional<ArchiveProcess> anyAlive() {
        return replicas.stream().filter(ArchiveProcess::isAlive).findFirst();
    }

    private boolean isInTheMiddle(FleetProgress before, FleetProgress now) throws SQLException {
        long toRecord = now.kbs() - before.recorded();
        return 3 * (now.recorded() - before.recorded()) >= toRecord && isBusy(VICTIM);
    }

    /** Whether the part that a replica began last is not done. */
    private boolean isBusy(String replica) throws SQLException {
        Optional<ArchiveReport.Start> last = report.lastStart(replica);
        return last.isPresent()
                && host.storage().stateStore().find(Set.of(last.get().kbId())).values().stream()
                        .anyMatch(kb -> kb.version() < last.get().version());
    }

    private void killAll() {
        replicas.forEach(ArchiveProcess::close);
    }

    @Override
    public void close() {
        killAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The machine is being shut down: the hook runs
        }
    }
}
