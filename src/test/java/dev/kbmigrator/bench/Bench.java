package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.bench.Case.Database;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/** Runs cases, each in JVMs of its own over a database of its own, and reads what they and the server have counted. */
final class Bench implements AutoCloseable {

    private static final String LARGE_HEAP = "-Xmx512m";

    private static final Set<String> MOST_OF_ALL = Set.of("seconds", "done", "peak_heap_mb", "live_heap_mb");
    private static final Set<String> PER_KB = Set.of("statements", "commits", "row_writes", "wal_bytes");

    private final Map<Database, Server> servers = new EnumMap<>(Database.class);
    private final Map<String, BenchDatabase> seeds = new HashMap<>();
    private int databases;

    /** All the cases in turn, as many rounds as there are to be. */
    Figures run(List<Case> cases, int rounds) throws Exception {
        Figures figures = new Figures();
        for (int round = 1; round <= rounds; round++) {
            for (Case one : cases) {
                if (round > one.rounds()) {
                    continue;
                }
                Map<String, Double> measured = run(one, Checkout.own());
                figures.add(one, measured);
                System.out.printf("%d/%d %s %s%n", round, rounds, one.id(), measured);
            }
        }
        return figures;
    }

    /** The settings on which it rests that a commit on that server outlives a crash, as the server shows them. */
    Map<String, String> durability(Case one) throws Exception {
        Server server = server(one);
        BenchDatabase database = server.newDatabase(nextName());
        try {
            return server.durability(database);
        } finally {
            server.drop(database);
        }
    }

    /** One case, with the library and the contender of that checkout. */
    Map<String, Double> run(Case one, Checkout checkout) throws Exception {
        Server server = server(one);
        String seed = one.seed();
        BenchDatabase database = seed == null
                ? server.newDatabase(nextName())
                : server.copyOf(seed(one, seed, server, checkout), nextName());
        Map<String, Double> measured = new TreeMap<>();
        List<ContenderProcess> replicas = new ArrayList<>();
        Map<String, Double> before;
        try {
            for (int i = 0; i < one.replicas(); i++) {
                replicas.add(ContenderProcess.start(checkout, one.contender(), database, one.kbs(), jvmOptions(one)));
            }
            for (ContenderProcess replica : replicas) {
                replica.awaitReady();
            }
            server.settle(database);
            before = server.counters(database);
            double cpuBefore = server.cpuSeconds();
            for (ContenderProcess replica : replicas) {
                replica.run();
            }
            for (ContenderProcess replica : replicas) {
                replica.awaitRan().forEach((figure, value) -> measured.merge(figure, value, merging(figure)));
            }
            measured.put("server_cpu_seconds", server.cpuSeconds() - cpuBefore);
        } finally {
            replicas.forEach(ContenderProcess::close);
        }
        server.counters(database).forEach((counter, value) -> measured.put(counter, value - value(before, counter)));
        server.drop(database);
        return figures(one, measured);
    }

    /** The library and the floor have to do with little, whatever the number of KBs, unless the database lives with them. */
    private static List<String> jvmOptions(Case one) {
        String heap = Contenders.isPeer(one.contender()) || one.database() == Database.H2 ? LARGE_HEAP : "-Xmx64m";
        // Replicas have a machine each; here, the thorough compiler of each would compete with all the others for two
        // cores
        return one.id().startsWith("d-") ? List.of(heap, "-XX:TieredStopAtLevel=1") : List.of(heap);
    }

    /** The last replica ends the run; what they did adds up. */
    private static BinaryOperator<Double> merging(String figure) {
        boolean most = MOST_OF_ALL.contains(figure);
        return most ? Math::max : Double::sum;
    }

    private static Map<String, Double> figures(Case one, Map<String, Double> measured) {
        double kbs = value(measured, "done");
        measured.remove("done");
        assertThat(kbs).as("%s: KBs that are done", one.id()).isEqualTo(one.kbs());
        Map<String, Double> figures = new TreeMap<>();
        measured.forEach((name, value) -> {
            boolean perKb = one.perKb() && PER_KB.contains(name);
            figures.put(perKb ? name + "_per_kb" : name, perKb ? value / kbs : value);
        });
        figures.put("kbs", kbs);
        if (one.perKb()) {
            double cpuSeconds = value(measured, "client_cpu_seconds") + value(measured, "server_cpu_seconds");
            figures.put("cpu_micros_per_kb", cpuSeconds * 1e6 / kbs);
            figures.put("kbs_per_second", kbs / value(measured, "seconds"));
        }
        return figures;
    }

    private static double value(Map<String, Double> figures, String name) {
        return Objects.requireNonNull(figures.get(name), name);
    }

    /** What a contender of a checkout prepares, once for all the cases that can begin with it. */
    private BenchDatabase seed(Case one, String contender, Server server, Checkout checkout) throws Exception {
        String name = checkout.name() + "-" + one.database() + "-" + contender + "-" + one.kbs();
        BenchDatabase made = seeds.get(name);
        if (made == null) {
            made = server.newDatabase(nextName());
            try (ContenderProcess process =
                    ContenderProcess.start(checkout, contender, made, one.kbs(), List.of(LARGE_HEAP))) {
                process.awaitReady();
            }
            server.settle(made);
            seeds.put(name, made);
        }
        return made;
    }

    private String nextName() {
        databases++;
        return "bench" + databases;
    }

    private Server server(Case one) {
        return servers.computeIfAbsent(one.database(), database -> switch (database) {
            case POSTGRES -> new Postgres();
            case MARIADB -> new MariaDb();
            case H2 -> new H2();
        });
    }

    @Override
    public void close() {
        servers.values().forEach(Server::close);
    }
}
