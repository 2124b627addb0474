package dev.kbmigrator.processes;

import dev.kbmigrator.jdbc.JdbcStateStore;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.StateStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A state store with which the process dies at its n-th call that changes something: an odd one before the call, an even one
 * after it has committed.
 */
final class HaltingStore {

    static final int EXIT_STATUS = 77;

    private static final Set<String> COUNTED = Set.of("compareAndSet", "write", "raiseFloors", "enroll", "openEpochs");

    private HaltingStore() {}

    static StateStore of(JdbcStateStore store, int haltAt) {
        AtomicInteger calls = new AtomicInteger();
        return (StateStore) Proxy.newProxyInstance(
                HaltingStore.class.getClassLoader(),
                new Class<?>[] {StateStore.class, HostTransactionSupport.class},
                (proxy, method, arguments) -> {
                    if (!COUNTED.contains(method.getName())) {
                        return call(store, method, arguments);
                    }
                    // Two places to die at for each call
                    int before = calls.addAndGet(2) - 1;
                    haltIf(before == haltAt, "before " + method.getName());
                    Object answer = call(store, method, arguments);
                    haltIf(before + 1 == haltAt, "after " + method.getName());
                    return answer;
                });
    }

    private static void haltIf(boolean now, String where) {
        if (now) {
            ReplicaMain.say("halting " + where);
            Runtime.getRuntime().halt(EXIT_STATUS);
        }
    }

    private static Object call(JdbcStateStore store, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(store, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }
}
