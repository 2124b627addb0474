package dev.kbmigrator.internal.config;

import java.util.Map;
import java.util.TreeSet;

/** The services that the host registered for its migrations, by type. Immutable. */
public final class Services {

    private final Map<Class<?>, Object> byType;

    /** Copies the map. Each value must be an instance of its key. */
    public Services(Map<Class<?>, Object> byType) {
        this.byType = Map.copyOf(byType);
    }

    /** Returns the service that was registered under a type. */
    public <T> T get(Class<T> type) {
        Object service = byType.get(type);
        if (service == null) {
            TreeSet<String> known = new TreeSet<>();
            byType.keySet().forEach(registered -> known.add(registered.getName()));
            throw new IllegalArgumentException("no service is registered as " + type.getName() + ", only " + known
                    + ": register it with service(" + type.getSimpleName() + ".class, ...) when building the migrator");
        }
        return type.cast(service);
    }
}
