package dev.kbmigrator.simulation;

import java.util.function.Supplier;

/** A call that is under way: it takes effect once, whoever sees to it. */
final class CallInFlight<T> {

    private final Supplier<T> effect;
    private boolean done;
    private T answer;

    CallInFlight(Supplier<T> effect) {
        this.effect = effect;
    }

    T effect() {
        if (!done) {
            done = true;
            answer = effect.get();
        }
        return answer;
    }
}
