package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.support.MemoryFleet;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The host's code finds its classes whoever has called the migrator. */
@Timeout(20)
class ContextClassLoaderTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();
    private final URLClassLoader application = new URLClassLoader("application", new URL[0], before);
    private final URLClassLoader request = new URLClassLoader("request", new URL[0], before);

    /** The names of the context class loaders, by what was called. */
    private final Map<String, String> seen = new ConcurrentHashMap<>();

    @AfterEach
    void restore() throws IOException {
        Thread.currentThread().setContextClassLoader(before);
        application.close();
        request.close();
    }

    private void note(String what) {
        seen.put(
                what,
                String.valueOf(Thread.currentThread().getContextClassLoader().getName()));
    }

    private final KnowledgeBoxes host = new KnowledgeBoxes() {
        @Override
        public Stream<String> ids() {
            note("ids");
            return fleet.kbs.stream();
        }

        @Override
        public Collection<String> existing(Collection<String> kbIds) {
            note("existing");
            return kbIds;
        }
    };

    private final MigratorListener listener = new MigratorListener() {
        @Override
        public void kbMigrated(String kbId, long version) {
            note("kbMigrated");
        }

        @Override
        public void versionReached(long version) {
            note("versionReached");
        }
    };

    private final Migration[] migrations = {
        KbMigration.of(1, "one", (context, kbId) -> {
            note("KB part");
            if (context.attempt() == 1) {
                throw new IllegalStateException("so that the host is asked whether the KB exists");
            }
        }),
        GlobalMigration.of(2, "two", context -> note("global part"))
    };

    private Migrator built(UnaryOperator<MigratorBuilder> settings) {
        Thread.currentThread().setContextClassLoader(application);
        Migrator migrator = fleet.migrator(
                builder -> settings.apply(builder.knowledgeBoxes(host)
                        .listener(listener)
                        .backoff(java.time.Duration.ofMillis(1), java.time.Duration.ofMillis(1))),
                migrations);
        Thread.currentThread().setContextClassLoader(before);
        return migrator;
    }

    private void inARequest(Runnable call) throws InterruptedException {
        Thread thread = new Thread(call);
        thread.setContextClassLoader(request);
        thread.start();
        thread.join();
    }

    @Test
    void whatTheLibrarysThreadsCallSeesTheBuildersLoader() throws InterruptedException {
        Migrator migrator = built(builder -> builder);
        inARequest(migrator::start);
        MemoryFleet.await().until(() -> seen.containsKey("global part") && seen.containsKey("versionReached"));
        assertThat(seen.keySet())
                .containsExactlyInAnyOrder("ids", "existing", "kbMigrated", "versionReached", "KB part", "global part");
        assertThat(seen.values()).containsOnly("application");
    }

    @Test
    void theThreadsOfARequestForOneKbToo() throws InterruptedException {
        Migrator starter = built(builder -> builder);
        inARequest(starter::start);
        MemoryFleet.await().until(() -> seen.containsKey("global part"));
        starter.close();
        seen.clear();
        fleet.kbs.add("new");
        Migrator migrator = built(builder -> builder);
        inARequest(() -> {
            try {
                migrator.migrateKb("new");
            } catch (RuntimeException e) {
                assertThat(e).hasMessageContaining("so that");
            }
        });
        assertThat(seen).containsEntry("KB part", "application");
    }

    @Test
    void theHostsOwnExecutorKeepsItsLoader() throws InterruptedException {
        Executor ofTheHost = task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.setContextClassLoader(request);
            thread.start();
        };
        Migrator migrator = built(builder -> builder.executor(ofTheHost));
        migrator.start();
        MemoryFleet.await().until(() -> seen.containsKey("global part"));
        assertThat(seen)
                .containsEntry("KB part", "request")
                .containsEntry("global part", "request")
                .containsEntry("ids", "application");
    }
}
