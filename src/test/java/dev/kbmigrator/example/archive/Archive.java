package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One run: opens the database, looks whether there is anything to do, has the fleet do it, and says what came of it. */
final class Archive {

    private static final int SHOWN_MISMATCHES = 10;

    private final ArchiveSettings settings;
    private final PrintStream out;
    private final long startedAt = System.nanoTime();

    Archive(ArchiveSettings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    Summary bringUp() throws IOException, SQLException, InterruptedException {
        Files.createDirectories(settings.temporary());
        try (ArchiveServer server = ArchiveServer.start(settings.database());
                ArchiveHost host = ArchiveHost.open("main", settings, server.dataSource())) {
            host.database().createTables();
            Set<String> kbs = host.inventory().all();
            forgetWhatIsGone(host, kbs);
            ArchiveReport report = new ArchiveReport(server.dataSource());
            if (isUpToDate(host, kbs)) {
                Summary summary = new Summary(true, report.contents(), List.of(), time(), Optional.empty());
                out.println("Nothing to do: all " + Summary.number(kbs.size()) + " KBs are up to date ("
                        + Summary.seconds(summary.time()) + ")");
                return summary;
            }
            Summary summary = bringUp(host, server, kbs.size(), report);
            out.println();
            out.print(summary.table());
            return summary;
        }
    }

    /** A KB whose directory was deleted since the last run is a KB that the host has deleted. */
    private static void forgetWhatIsGone(ArchiveHost host, Set<String> kbs) throws SQLException {
        Set<String> gone = host.database().kbs();
        gone.removeAll(kbs);
        gone.forEach(host.migrator()::forgetKb);
        host.database().forget(gone);
    }

    /** Whether the fleet is where it should be, with every KB that there is now. */
    private static boolean isUpToDate(ArchiveHost host, Set<String> kbs) {
        return host.migrator().dryRun().isUpToDate()
                && host.storage().stateStore().find(kbs).size() == kbs.size();
    }

    private Summary bringUp(ArchiveHost host, ArchiveServer server, long kbs, ArchiveReport report)
            throws IOException, SQLException, InterruptedException {
        ProgressDisplay display = new ProgressDisplay(out, Terminals.isTerminal());
        display.say("Two replicas bring up the " + Summary.number(kbs) + " KBs of " + settings.repository());
        host.database().forgetStarts();
        Optional<Instant> killed;
        try (ArchiveFleet fleet = new ArchiveFleet(settings, host, server, display)) {
            killed = fleet.bringUp(kbs);
        }
        Optional<KillCost> cost =
                killed.isEmpty() ? Optional.empty() : Optional.of(report.killCost(ArchiveFleet.VICTIM, killed.get()));
        return new Summary(false, report.contents(), report.mismatches(SHOWN_MISMATCHES), time(), cost);
    }

    private Duration time() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }
}
