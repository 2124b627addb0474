package dev.kbmigrator.example.archive;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.RunReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * One replica, a process of its own. It reads the database's address from its standard input, which no other user of the
 * machine sees, says {@value #READY}, waits for another line, and runs. It ends when its standard input does: then the process
 * that started it is gone.
 */
public final class ArchiveReplica {

    static final String READY = "ready";

    private ArchiveReplica() {}

    /**
     * Runs the replica.
     *
     * @param arguments its name, the repository and the directory of the archive
     * @throws IOException when the process that started it is gone
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        ArchiveSettings settings = new ArchiveSettings(Path.of(arguments[1]), Path.of(arguments[2]));
        String url = orders.readLine();
        if (url == null) {
            return;
        }
        try (HikariDataSource dataSource = ArchiveServer.connect(url);
                ArchiveHost host = ArchiveHost.open(arguments[0], settings, dataSource)) {
            answers.println(READY);
            if (orders.readLine() == null) {
                return;
            }
            endWithTheParent(orders);
            RunReport report = host.migrator().run();
            answers.println(report.kbMigrations());
        } catch (MigratorException e) {
            answers.println(e.getMessage());
            Runtime.getRuntime().halt(1);
        }
    }

    private static void endWithTheParent(BufferedReader orders) {
        Thread watch = new Thread(() -> awaitEnd(orders), "parent-watch");
        watch.setDaemon(true);
        watch.start();
    }

    private static void awaitEnd(BufferedReader orders) {
        try {
            while (orders.readLine() != null) {
                // Nothing more is expected
            }
        } catch (IOException e) {
            // As good as its end
        }
        Runtime.getRuntime().halt(1);
    }
}
