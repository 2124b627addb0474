package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.support.MemoryFleet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.MDC;

/** The log lines of a migration's own code say which KB they are about. */
@Timeout(20)
class LogContextTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(3);

    /** What the MDC held, by KB; a global part's under "". */
    private final Map<String, Map<String, String>> seen = new ConcurrentHashMap<>();

    private final ExecutorService single = Executors.newSingleThreadExecutor();

    @AfterEach
    void shutDown() {
        single.shutdownNow();
        MDC.clear();
    }

    private void note(String kbId) {
        Map<String, String> held = MDC.getCopyOfContextMap();
        seen.put(kbId, held == null ? Map.of() : held);
    }

    private KbMigration leaving() {
        return KbMigration.of(4, "leave", (context, kbId) -> {
            note(kbId);
            MDC.put("left", kbId);
            MDC.put("kb", "another");
            MDC.remove("version");
            if (kbId.equals("kb-1")) {
                MDC.clear();
            }
        });
    }

    private static Map<String, String> of(String kbId) {
        return Map.of("kb", kbId, "version", "4", "migration", "leave");
    }

    @Test
    void itHoldsTheKbAndTheVersionWhileAPartRunsAndNothingOfTheOneBefore() {
        MDC.put("request", "of the thread that runs it");
        fleet.migrator(builder -> builder.kbConcurrency(1), leaving()).run();
        assertThat(seen)
                .containsOnly(
                        Map.entry("kb-0", of("kb-0")), Map.entry("kb-1", of("kb-1")), Map.entry("kb-2", of("kb-2")));
        assertThat(MDC.getCopyOfContextMap()).containsOnly(Map.entry("request", "of the thread that runs it"));
    }

    @Test
    void aGlobalPartHasNoKb() {
        fleet.kbs.clear();
        fleet.migrator(GlobalMigration.of(4, "leave", context -> note(""))).run();
        assertThat(seen.get("")).isEqualTo(Map.of("version", "4", "migration", "leave"));
    }

    @Test
    void aPartThatFailsLeavesNothingBehindEither() {
        fleet.kbs.remove("kb-2");
        List<String> order = new ArrayList<>();
        KbMigration failing = KbMigration.of(4, "leave", (context, kbId) -> {
            note(kbId);
            order.add(kbId);
            if (order.size() == 1) {
                MDC.put("left", kbId);
                throw new IllegalStateException("broken");
            }
        });
        try {
            fleet.migrator(builder -> builder.kbConcurrency(1), failing).run();
        } catch (RuntimeException e) {
            assertThat(e).hasMessageContaining("broken");
        }
        assertThat(order).hasSize(2);
        assertThat(seen.get(order.get(1))).isEqualTo(of(order.get(1)));
    }

    @Test
    void aThreadOfTheHostKeepsWhatItHad() throws ExecutionException, InterruptedException {
        Map<String, String> hosts = Map.of("pool", "single", "version", "of the host", "kb", "of the host");
        single.submit(() -> MDC.setContextMap(hosts)).get();
        fleet.migrator(builder -> builder.executor(single), leaving()).run();
        for (String kbId : fleet.kbs) {
            Map<String, String> expected = new HashMap<>(of(kbId));
            expected.put("pool", "single");
            assertThat(seen.get(kbId)).isEqualTo(expected);
        }
        assertThat(single.submit(MDC::getCopyOfContextMap).get()).isEqualTo(hosts);
        seen.clear();
        fleet.migrator(builder -> builder.executor(single), leaving(), GlobalMigration.of(5, "g", context -> note("")))
                .run();
        assertThat(seen.get("")).isEqualTo(Map.of("pool", "single", "version", "5", "migration", "g"));
    }
}
