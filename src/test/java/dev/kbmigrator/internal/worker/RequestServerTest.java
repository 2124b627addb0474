package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.LogCapture;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests for one KB of a partition that is held, without a worker around it. */
class RequestServerTest implements RequestServer.Callbacks {

    private static final String KB = WorkerFixture.KBS.get(0);
    private static final int NUMBER = OnePartition.NUMBER;

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    private WorkerFixture replica = new WorkerFixture();
    private RequestServer server = newServer();
    private final PartitionScan scan = enrolled();
    private final HeldPartition held = WorkerFixture.held(scan, NUMBER);
    private final List<KbState> queued = new ArrayList<>();

    /** Whether this build has what the KB needs next. */
    private boolean canRun = true;

    private RequestServer newServer() {
        return new RequestServer(replica.store, replica.environment, replica.observer, this);
    }

    private PartitionScan enrolled() {
        replica.enroll(1);
        return replica.scan(Set.of(NUMBER));
    }

    @Override
    public void queue(PartitionScan of, Collection<KbState> kbs) {
        queued.addAll(kbs);
        for (KbState kb : kbs) {
            HeldPartition partition = WorkerFixture.held(of, Partitions.of(kb.kbId()));
            if (canRun && kb.version() < of.goal && !partition.scope().isLost()) {
                partition.begin(kb.kbId());
            }
        }
    }

    @Override
    public void takenOver(HeldPartition partition) {
        replica.takenOver(partition);
    }

    private void serve() {
        replica.look();
        server.serve(scan, replica.observer.view(), Set.of(NUMBER));
    }

    private void deleteAnswered() {
        server.deleteAnswered(List.of(scan));
    }

    private boolean isThere(String request) {
        return replica.store.document(request).isPresent();
    }

    private void moveKbTo(long version) {
        replica.store.write(Set.of(held.scope().epoch()), List.of(replica.advanced(KB, 0, version)));
    }

    @Nested
    class Migrating {

        private final String request = replica.request(0, 0);

        @Test
        void aRequestedKbIsQueuedAndTheRequestDeletedOnceItIsSettled() {
            serve();
            assertThat(queued).containsExactly(replica.at(KB, 0));
            deleteAnswered();
            assertThat(isThere(request)).isTrue();
            held.settled(KB);
            deleteAnswered();
            assertThat(isThere(request)).isFalse();
            assertThat(held.answered()).isEmpty();
            assertThat(replica.store.batches).isEmpty();
        }

        @Test
        void aKbThatIsUnderWayIsNotQueuedAgain() {
            held.begin(KB);
            serve();
            assertThat(queued).isEmpty();
            held.settled(KB);
            deleteAnswered();
            assertThat(isThere(request)).as("it was not for this request").isTrue();
        }

        @Test
        void aRequestWhoseKbWasDroppedIsServedAgain() {
            serve();
            held.dropped(KB);
            deleteAnswered();
            assertThat(isThere(request)).isTrue();
            serve();
            assertThat(queued).hasSize(2);
        }

        @Test
        void aKbThatHasEverythingIsAnsweredAtOnce() {
            moveKbTo(2);
            serve();
            assertThat(isThere(request)).isFalse();
        }

        @Test
        void aKbThatIsNotEnrolledIsAnsweredAtOnce() {
            replica.store.remove(Set.of(KB));
            serve();
            assertThat(queued).isEmpty();
            assertThat(isThere(request)).isFalse();
        }

        @Test
        void aDeletedRequestIsNotServedAgainFromAnOlderView() {
            moveKbTo(2);
            serve();
            assertThat(replica.store.finds).isEqualTo(1);
            server.serve(scan, replica.observer.view(), Set.of(NUMBER));
            assertThat(replica.store.finds).isEqualTo(1);
        }

        @Test
        void whatThisBuildCannotServeStays() {
            canRun = false;
            serve();
            assertThat(queued).hasSize(1);
            assertThat(isThere(request)).isTrue();
        }

        @Test
        void partitionsThatAreNotHeldAreLeftAlone() {
            replica.look();
            server.serve(scan, replica.observer.view(), Set.of(NUMBER + 1));
            assertThat(queued).isEmpty();
            scan.held.clear();
            server.serve(scan, replica.observer.view(), Set.of(NUMBER));
            assertThat(queued).isEmpty();
            assertThat(isThere(request)).isTrue();
        }
    }

    /** The fleet's plan goes to version 2, and the replica's build knows version 1. */
    @Test
    void whatIsLeftForANewerBuildStays() {
        replica = new WorkerFixture(1, 1);
        server = newServer();
        OnePartition.enroll(List.of(KB), replica.configOf(1, 2));
        PartitionScan old = replica.scan(Set.of(NUMBER));
        replica.store.write(
                Set.of(WorkerFixture.held(old, NUMBER).scope().epoch()), List.of(replica.advanced(KB, 0, 1)));
        String request = replica.request(0, 0);
        replica.look();
        server.serve(old, replica.observer.view(), Set.of(NUMBER));
        assertThat(old.goal).isEqualTo(1);
        assertThat(queued).hasSize(1);
        assertThat(isThere(request)).isTrue();
    }

    @Nested
    class Skipping {

        private final String request = replica.request(0, 1);

        @Test
        void theKbGoesOnFromTheSkippedVersion() {
            serve();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(replica.store.batches).containsExactly(List.of(replica.advanced(KB, 0, 1)));
            assertThat(replica.store.epochs)
                    .containsExactly(List.of(held.scope().epoch()));
            assertThat(queued).containsExactly(replica.at(KB, 1));
            assertThat(held.hasProgressed()).isTrue();
            assertThat(log.messages(Level.WARN))
                    .containsExactly("Skipped version 1 of KB " + KB + ", as requested: broken");
            held.settled(KB);
            deleteAnswered();
            assertThat(isThere(request)).isFalse();
        }

        @Test
        void aVersionThatTheKbHasIsNotSkippedAgain() {
            moveKbTo(1);
            serve();
            assertThat(replica.store.batches).hasSize(1);
            assertThat(queued).containsExactly(replica.at(KB, 1));
            assertThat(held.hasProgressed()).isFalse();
        }

        @Test
        void nothingIsSkippedOnceAnotherReplicaHasTakenOver() {
            replica.store.whileFinding = () -> replica.store.openEpochs(Set.of(NUMBER));
            serve();
            assertThat(replica.takenOver).containsExactly(NUMBER);
            assertThat(replica.version(0)).isZero();
            assertThat(held.isQuiet()).isTrue();
            assertThat(held.hasProgressed()).isFalse();
            assertThat(isThere(request)).as("for the next holder").isTrue();
        }

        @Test
        void aKbThatHasMovedMeanwhileIsNotSkipped() {
            replica.store.whileFinding = () -> moveKbTo(2);
            serve();
            assertThat(replica.version(0)).isEqualTo(2);
            assertThat(queued).as("as it was read").containsExactly(replica.at(KB, 0));
            assertThat(held.hasProgressed()).isFalse();
            assertThat(log.messages(Level.WARN)).isEmpty();
        }

        @Test
        void aKbThatIsEnrolledAgainMeanwhileIsNotSkipped() {
            replica.store.whileFinding = () -> {
                replica.store.remove(Set.of(KB));
                replica.store.enroll(List.of(KB), 0);
            };
            serve();
            assertThat(replica.version(0)).isZero();
            assertThat(held.hasProgressed()).isFalse();
            assertThat(log.messages(Level.WARN)).isEmpty();
        }

        @Test
        void nothingIsSkippedIfTheLeaseRanOutWhileTheKbWasRead() {
            replica.store.findTakes = FrozenEnvironment.TTL;
            serve();
            assertThat(replica.version(0)).isZero();
            assertThat(queued).isEmpty();
            assertThat(isThere(request)).as("for the next holder").isTrue();
        }
    }

    @Nested
    class Deleting {

        private final String request = replica.request(0, 0);

        @Test
        void nothingIsDeletedUnderALeaseThatHasRunOut() {
            serve();
            held.settled(KB);
            replica.environment.pass(FrozenEnvironment.TTL);
            deleteAnswered();
            assertThat(isThere(request)).isTrue();
        }

        @Test
        void aRequestThatHasBeenMadeAnewStays() {
            serve();
            held.settled(KB);
            long revision = replica.store.document(request).orElseThrow().revision();
            replica.store.compareAndSet(request, revision, KbRequest.toJson(KB, 1, "broken", "someone"), null);
            deleteAnswered();
            assertThat(isThere(request)).isTrue();
        }

        @Test
        void everyAnsweredRequestIsDeleted() {
            replica.store.enroll(List.of(WorkerFixture.KBS.get(1)), 0);
            String second = replica.request(1, 0);
            serve();
            held.settled(KB);
            held.settled(WorkerFixture.KBS.get(1));
            deleteAnswered();
            assertThat(isThere(request)).isFalse();
            assertThat(isThere(second)).isFalse();
        }
    }
}
