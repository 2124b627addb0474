package dev.kbmigrator.processes;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;

/**
 * A replica as a process of its own. Obeys one command a line on its standard input, answers {@code @done} or
 * {@code @failed}, and dies when its input ends, so that it does not outlive the test that started it.
 */
public final class ReplicaMain {

    private ReplicaMain() {}

    /** The arguments are {@link ReplicaSettings}. */
    public static void main(String[] arguments) throws IOException {
        FleetReplica replica = new FleetReplica(ReplicaSettings.parse(arguments), ReplicaMain::say);
        replica.migrator().start();
        say("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            obey(replica, line);
        }
        Runtime.getRuntime().halt(1);
    }

    private static void obey(FleetReplica replica, String line) {
        try {
            int space = line.indexOf(' ');
            String argument = line.substring(space + 1);
            switch (space < 0 ? line : line.substring(0, space)) {
                case "create" -> replica.create(argument);
                case "delete" -> replica.delete(argument);
                case "abandon" -> replica.migrator().abandonTarget(argument);
                case "hog" -> replica.hog(Duration.ofMillis(Long.parseLong(argument)));
                case "close" -> {
                    replica.close();
                    say("done " + line);
                    Runtime.getRuntime().halt(0);
                }
                default -> throw new IllegalArgumentException("unknown command");
            }
            say("done " + line);
        } catch (SQLException | RuntimeException e) {
            say("failed " + line + ": " + String.valueOf(e.getMessage()).replace('\n', ' '));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tells the test something. */
    static synchronized void say(String line) {
        System.out.println(ReplicaProcess.SAID + line);
        System.out.flush();
    }
}
