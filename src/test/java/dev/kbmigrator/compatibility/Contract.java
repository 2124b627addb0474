package dev.kbmigrator.compatibility;

import dev.kbmigrator.testkit.LockContract;
import dev.kbmigrator.testkit.StateStoreContract;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A contract of the test kit, and what its tests are called. */
enum Contract {
    STATE_STORE(StateStoreContract.class),
    LOCK(LockContract.class);

    private final Class<?> type;

    Contract(Class<?> type) {
        this.type = type;
    }

    String title() {
        return type.getSimpleName();
    }

    /** The tests that every implementation inherits; those that an implementation adds are no part of the contract. */
    Set<String> tests() {
        List<Method> methods = new ArrayList<>(Arrays.asList(type.getDeclaredMethods()));
        for (Class<?> chapter : type.getInterfaces()) {
            methods.addAll(Arrays.asList(chapter.getDeclaredMethods()));
        }
        Set<String> tests = new TreeSet<>();
        methods.stream()
                .filter(method -> method.isAnnotationPresent(Test.class))
                .forEach(method -> tests.add(method.getName()));
        return tests;
    }
}
