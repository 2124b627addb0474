package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InboxTest {

    private final FrozenEnvironment.Flag signal = new FrozenEnvironment.Flag();
    private final Inbox inbox = new Inbox(signal);
    private final List<KbExecution> executions = executions();

    private static List<KbExecution> executions() {
        WorkerFixture replica = new WorkerFixture();
        replica.enroll(4);
        HeldPartition held = replica.held();
        return IntStream.range(0, 4)
                .mapToObj(kb -> replica.begin(held, WorkerFixture.KBS.get(kb)))
                .toList();
    }

    /** Adds so many executions; returns whether the worker was woken after each. */
    private List<Boolean> add(int count) {
        List<Boolean> woken = new ArrayList<>();
        for (KbExecution execution : executions.subList(0, count)) {
            inbox.add(execution);
            woken.add(signal.lower());
        }
        return woken;
    }

    @Test
    void whatWasAddedFirstIsPolledFirst() {
        assertThat(inbox.poll()).isNull();
        add(2);
        assertThat(inbox.poll()).isSameAs(executions.get(0));
        assertThat(inbox.poll()).isSameAs(executions.get(1));
        assertThat(inbox.poll()).isNull();
    }

    @Test
    void theFirstExecutionWakesTheWorkerAtFirst() {
        assertThat(add(3)).containsExactly(true, false, false);
    }

    @Test
    void theWorkerIsWokenWhenEnoughHaveComeIn() {
        assertThat(inbox.wakeAt(3)).isFalse();
        assertThat(add(4)).containsExactly(false, false, true, false);
    }

    @Test
    void whatTheWorkerHasTakenDoesNotCount() {
        add(2);
        assertThat(inbox.wakeAt(2)).as("they are there").isTrue();
        inbox.poll();
        inbox.poll();
        assertThat(inbox.wakeAt(2)).as("not told yet").isTrue();
        inbox.taken(2);
        assertThat(inbox.wakeAt(2)).isFalse();
        assertThat(add(2)).containsExactly(false, true);
    }

    @Test
    void whatHasComeInAlreadyIsTold() {
        add(2);
        assertThat(inbox.wakeAt(1)).isTrue();
        assertThat(inbox.wakeAt(2)).isTrue();
        assertThat(inbox.wakeAt(3)).isFalse();
        assertThat(signal.isRaised()).isFalse();
    }
}
