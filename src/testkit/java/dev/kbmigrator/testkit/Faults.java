package dev.kbmigrator.testkit;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Which calls of a {@link FaultyStateStore} or a {@link FaultyLock} go wrong, and how. By default none does.
 *
 * <pre>{@code
 * Faults faults = new Faults();
 * StateStore store = new FaultyStateStore(real, faults);
 * faults.loseAnswer(Call.of("write").and(Call.every(3)));    // every third write commits, but its writer never learns
 * faults.failBefore(call -> outOfReach.get());               // while a flag is set, nothing gets through
 * }</pre>
 *
 * <p>Safe for use by many threads; rules can be added while calls are under way.
 */
public final class Faults {

    private final Map<String, Long> counts = new ConcurrentHashMap<>();
    private final List<Predicate<Call>> failing = new CopyOnWriteArrayList<>();
    private final List<Predicate<Call>> losing = new CopyOnWriteArrayList<>();
    private final List<Consumer<Call>> hooks = new CopyOnWriteArrayList<>();

    /** No faults. */
    public Faults() {}

    /**
     * One call.
     *
     * @param method the name of the SPI's method, such as {@code write} or {@code tryAcquire}
     * @param number how many calls of that method there have been, this one included; starts at 1
     */
    public record Call(String method, long number) {

        /**
         * The calls of some methods.
         *
         * @param methods their names
         * @return whether a call is one of them
         */
        public static Predicate<Call> of(String... methods) {
            return call -> List.of(methods).contains(call.method());
        }

        /**
         * Every n-th call of each method.
         *
         * @param n the n
         * @return whether a call's number is a multiple of it
         * @throws IllegalArgumentException if {@code n} is less than 1
         */
        public static Predicate<Call> every(long n) {
            if (n < 1) {
                throw new IllegalArgumentException("every n-th call with an n of " + n);
            }
            return call -> call.number() % n == 0;
        }
    }

    /** What a call that goes wrong throws: its effect is unknown to the caller. */
    public static final class InjectedFault extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private InjectedFault(String message) {
            super(message);
        }
    }

    /**
     * Lets calls fail before they have any effect.
     *
     * @param when which calls
     * @return this
     */
    public Faults failBefore(Predicate<Call> when) {
        failing.add(when);
        return this;
    }

    /**
     * Lets calls take effect, and fail then: the answer is lost.
     *
     * @param when which calls
     * @return this
     */
    public Faults loseAnswer(Predicate<Call> when) {
        losing.add(when);
        return this;
    }

    /**
     * Does something before each call, on the caller's thread: delays it, counts it, or throws what the test likes.
     *
     * @param hook what to do
     * @return this
     */
    public Faults beforeEach(Consumer<Call> hook) {
        hooks.add(hook);
        return this;
    }

    /** Forgets all rules and hooks; the counts go on. */
    public void clear() {
        failing.clear();
        losing.clear();
        hooks.clear();
    }

    /**
     * How often a method was called, whatever came of it.
     *
     * @param method its name
     * @return the number of calls
     */
    public long calls(String method) {
        return counts.getOrDefault(method, 0L);
    }

    <T> T call(String method, Supplier<T> real) {
        Call call = new Call(method, counts.merge(method, 1L, Long::sum));
        hooks.forEach(hook -> hook.accept(call));
        if (failing.stream().anyMatch(rule -> rule.test(call))) {
            throw new InjectedFault("injected: " + call + " failed before it took effect");
        }
        // Asked first, so that what the call itself changes has no part in it
        boolean lost = losing.stream().anyMatch(rule -> rule.test(call));
        T answer = real.get();
        if (lost) {
            throw new InjectedFault("injected: the answer to " + call + " was lost");
        }
        return answer;
    }

    void run(String method, Runnable real) {
        call(method, () -> {
            real.run();
            return true;
        });
    }
}
