package dev.kbmigrator.support;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Stands between the engine and a service of the host's: records the calls, and fails those it is told to fail. */
public final class Interposed {

    /** The names of the methods called, in order. */
    public final List<String> calls = new CopyOnWriteArrayList<>();

    /** Told of each call before it is made. */
    public volatile Consumer<String> onCall = name -> {};

    private final Set<String> broken = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Supplier<? extends Throwable> error;

    public <T> T over(Class<T> type, T target) {
        Object proxy =
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    String name = method.getName();
                    calls.add(name);
                    onCall.accept(name);
                    Supplier<? extends Throwable> toThrow = error;
                    if (toThrow != null && (broken.isEmpty() || broken.contains(name))) {
                        throw toThrow.get();
                    }
                    try {
                        return method.invoke(target, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        return type.cast(proxy);
    }

    /** From here on, these methods fail; all of them when none is named. */
    public void fail(Supplier<? extends Throwable> with, String... methods) {
        broken.clear();
        broken.addAll(List.of(methods));
        error = with;
    }

    public void mend() {
        error = null;
    }
}
