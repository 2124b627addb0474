package dev.kbmigrator.shedlock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;

/** Grants everything, records what it is asked, and does what it is told in the middle of a call. */
final class ScriptedProvider implements ExtensibleLockProvider {

    final List<String> calls = new ArrayList<>();
    final List<LockConfiguration> granted = new ArrayList<>();
    Runnable duringExtend = () -> {};
    boolean answersExtended = true;
    private int generation;

    @Override
    public Optional<SimpleLock> lock(LockConfiguration configuration) {
        granted.add(configuration);
        return Optional.of(new Scripted(++generation));
    }

    private final class Scripted implements SimpleLock {

        private final int number;

        private Scripted(int number) {
            this.number = number;
        }

        @Override
        public void unlock() {
            calls.add("unlock " + number);
        }

        @Override
        public Optional<SimpleLock> extend(Duration lockAtMostFor, Duration lockAtLeastFor) {
            calls.add(
                    "extend " + number + " by " + lockAtMostFor.toMillis() + " at least " + lockAtLeastFor.toMillis());
            duringExtend.run();
            return answersExtended ? Optional.of(new Scripted(++generation)) : Optional.empty();
        }
    }
}
