package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.support.PostgresServer;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** That each peer does what is measured of it; how fast is for the benchmark to say. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PeersIT {

    static Stream<Arguments> peers() {
        return Stream.of(
                Arguments.of(new FlywayPeer(), 20),
                Arguments.of(new DbSchedulerPeer(), 100),
                Arguments.of(new JobRunrPeer(), 100),
                Arguments.of(new ShedLockPeer(), 100));
    }

    @ParameterizedTest
    @MethodSource("peers")
    void aPeerBringsEveryTenantToTheNextVersion(Contender peer, int tenants) throws Exception {
        String url = PostgresServer.shared().newDatabase("peer_" + peer.name().replace('-', '_'));
        try (BenchDatabase database = new BenchDatabase(url, "postgres", "")) {
            try {
                peer.prepare(database, tenants);
                assertThat(peer.done()).isZero();
                peer.run();
                assertThat(peer.done()).isEqualTo(tenants);
            } finally {
                peer.close();
            }
        }
    }
}
