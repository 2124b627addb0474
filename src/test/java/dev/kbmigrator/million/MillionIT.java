package dev.kbmigrator.million;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.databases.ChildJvm;
import dev.kbmigrator.databases.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code mvn -B -Pmillion verify} writes {@code target/million/result.json}. */
@Tag("million")
class MillionIT {

    private static final int KBS = Integer.getInteger("million.kbs", 1_000_000);

    @Test
    void aMillionKbsAreMigratedWithAHeapOf64Mb() throws Exception {
        try (PostgresServer postgres = PostgresServer.durable()) {
            String url = postgres.newDatabase("million");
            Map<String, String> enrolled = run(url, 1);
            long writesBefore = rowWrites(url);
            Map<String, String> migrated = run(url, 2);
            long rowWrites = rowWrites(url) - writesBefore;
            double seconds = Double.parseDouble(migrated.get("seconds"));
            ObjectNode result = new ObjectMapper().createObjectNode();
            result.put("kbs", KBS);
            result.put("seconds", rounded(seconds));
            result.put("kbsPerSecond", Math.round(KBS / seconds));
            result.put("roundTripsPerKb", rounded(Double.parseDouble(migrated.get("roundTrips")) / KBS));
            result.put("rowWritesPerKb", rounded((double) rowWrites / KBS));
            result.put("maxHeapMb", rounded(Double.parseDouble(migrated.get("maxHeapMb"))));
            result.put("fsync", setting(url, "fsync"));
            result.put("synchronousCommit", setting(url, "synchronous_commit"));
            result.put("enrolmentAndFirstMigrationSeconds", rounded(Double.parseDouble(enrolled.get("seconds"))));
            write(result);
            assertThat(Long.parseLong(migrated.get("kbMigrations"))).isEqualTo(KBS);
            assertThat(kbsAtVersion(url, 2)).isEqualTo(KBS);
            assertThat(result.get("roundTripsPerKb").asDouble()).isLessThanOrEqualTo(0.05);
            assertThat(result.get("rowWritesPerKb").asDouble()).isLessThanOrEqualTo(1.1);
            assertThat(result.get("maxHeapMb").asDouble()).isLessThanOrEqualTo(64);
            assertThat(result.get("fsync").asText()).isEqualTo("on");
        }
    }

    private static Map<String, String> run(String url, int versions) throws IOException, InterruptedException {
        return ChildJvm.run(
                MillionMain.class, List.of("-Xmx64m"), List.of(url, Integer.toString(KBS), Integer.toString(versions)));
    }

    /** As the server counts them, over all tables of the library. */
    private static long rowWrites(String url) throws SQLException, InterruptedException {
        long before = -1;
        while (true) {
            long now = number(url, "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables");
            if (now == before) {
                return now;
            }
            // The server's counters come up to a second late
            before = now;
            java.util.concurrent.TimeUnit.MILLISECONDS.sleep(1_500);
        }
    }

    private static long kbsAtVersion(String url, int version) throws SQLException {
        return number(url, "SELECT count(*) FROM kb_migrator_kb WHERE version = " + version);
    }

    private static long number(String url, String sql) throws SQLException {
        return Long.parseLong(text(url, sql));
    }

    private static String setting(String url, String name) throws SQLException {
        return text(url, "SHOW " + name);
    }

    private static String text(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url, "postgres", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static double rounded(double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }

    private static void write(ObjectNode result) throws IOException {
        Path directory = Files.createDirectories(
                Path.of(System.getProperty("build.directory", "target")).resolve("million"));
        String json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(result);
        Files.writeString(directory.resolve("result.json"), json + "\n");
        System.out.println(json);
    }
}
