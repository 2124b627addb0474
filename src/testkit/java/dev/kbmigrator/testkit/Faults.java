package dev.kbmigrator.testkit;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Decides which calls of a {@link FaultyStateStore} or a {@link FaultyLock} fail, and how. By default, none does.
 *
 * <pre>{@code
 * Faults faults = new Faults();
 * StateStore store = new FaultyStateStore(real, faults);
 * faults.loseAnswer(Call.of("write").and(Call.every(3)));    // every third write commits, but its caller sees a failure
 * faults.failBefore(call -> outOfReach.get());               // while a flag is set, every call fails
 * }</pre>
 *
 * <p>Safe for use by many threads. Rules can be added while calls are in progress.
 */
public final class Faults {

    private final Map<String, Long> counts = new ConcurrentHashMap<>();
    private final List<Predicate<Call>> failing = new CopyOnWriteArrayList<>();
    private final List<Predicate<Call>> losing = new CopyOnWriteArrayList<>();
    private final List<Consumer<Call>> hooks = new CopyOnWriteArrayList<>();

    /** Creates an instance under which no call fails. */
    public Faults() {}

    /**
     * One call of a method of the SPI. Immutable.
     *
     * @param method the name of the method, such as {@code write} or {@code tryAcquire}
     * @param number how many times the method has been called, including this call; starts at 1
     */
    public record Call(String method, long number) {

        /**
         * Returns a rule that matches all calls of the given methods.
         *
         * @param methods the names of the methods
         * @return the rule
         */
        public static Predicate<Call> of(String... methods) {
            return call -> List.of(methods).contains(call.method());
        }

        /**
         * Returns a rule that matches every n-th call of each method.
         *
         * @param n matches the calls whose number is a multiple of this, at least 1
         * @return the rule
         * @throws IllegalArgumentException if {@code n} is less than 1
         */
        public static Predicate<Call> every(long n) {
            if (n < 1) {
                throw new IllegalArgumentException("n must be at least 1, not " + n);
            }
            return call -> call.number() % n == 0;
        }
    }

    /** Thrown by a call that fails on purpose. The caller cannot know whether the call took effect. */
    public static final class InjectedFault extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private InjectedFault(String message) {
            super(message);
        }
    }

    /**
     * Makes calls fail before they have any effect.
     *
     * @param when matches the calls that fail
     * @return this
     */
    public Faults failBefore(Predicate<Call> when) {
        failing.add(when);
        return this;
    }

    /**
     * Makes calls take effect and then fail, so that the caller never gets the result.
     *
     * @param when matches the calls that fail
     * @return this
     */
    public Faults loseAnswer(Predicate<Call> when) {
        losing.add(when);
        return this;
    }

    /**
     * Runs a hook before each call, on the caller's thread. The hook may delay the call, count it, or throw an exception of
     * its own.
     *
     * @param hook runs before each call
     * @return this
     */
    public Faults beforeEach(Consumer<Call> hook) {
        hooks.add(hook);
        return this;
    }

    /** Removes all rules and hooks. The counts of calls continue. */
    public void clear() {
        failing.clear();
        losing.clear();
        hooks.clear();
    }

    /**
     * Returns how often a method was called, including the calls that failed.
     *
     * @param method the name of the method
     * @return the number of calls, 0 if there were none
     */
    public long calls(String method) {
        return counts.getOrDefault(method, 0L);
    }

    <T> T call(String method, Supplier<T> real) {
        Call call = new Call(method, counts.merge(method, 1L, Long::sum));
        hooks.forEach(hook -> hook.accept(call));
        if (failing.stream().anyMatch(rule -> rule.test(call))) {
            throw new InjectedFault("injected: " + call + " failed before it had any effect");
        }
        // Evaluated before the call, so that the call's own effect cannot change the decision
        boolean lost = losing.stream().anyMatch(rule -> rule.test(call));
        T result = real.get();
        if (lost) {
            throw new InjectedFault("injected: " + call + " took effect, but its result was lost");
        }
        return result;
    }

    void run(String method, Runnable real) {
        call(method, () -> {
            real.run();
            return true;
        });
    }
}
