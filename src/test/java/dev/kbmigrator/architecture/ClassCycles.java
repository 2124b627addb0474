package dev.kbmigrator.architecture;

import static java.util.stream.Collectors.joining;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds cycles between the classes of some packages. A nested class counts as part of its outermost class. What the compiler
 * leaves no trace of, such as an inlined constant, does not count.
 */
public final class ClassCycles {

    /** For each class the classes that it depends on, each with one example of why. */
    private final SortedMap<String, SortedMap<String, Dependency>> graph = new TreeMap<>();

    private ClassCycles() {}

    /**
     * A class that may depend on another, although that one depends on it: a factory and one of the kinds that it makes.
     *
     * @param factory the full name of the factory, which must be an outermost class
     * @param kind the full name of the class that it makes
     */
    public record FactoryAndKind(String factory, String kind) {}

    /**
     * Describes every group of classes that depend on each other: the names of the classes, and the shortest cycle through the
     * first one, with one dependency for each step. Also describes each exception that is no longer needed.
     *
     * @param classes the classes
     * @param packagePrefix the package to look in, with all packages below
     * @param allowed dependencies that are left out
     * @return a description per group, empty when there is no cycle
     */
    public static List<String> find(JavaClasses classes, String packagePrefix, Set<FactoryAndKind> allowed) {
        ClassCycles cycles = new ClassCycles();
        for (JavaClass type : classes) {
            if (isWithin(type, packagePrefix)) {
                cycles.add(type, packagePrefix);
            }
        }
        List<String> found = new ArrayList<>();
        for (FactoryAndKind pair : allowed) {
            SortedMap<String, Dependency> targets = cycles.graph.get(pair.factory());
            if (targets == null || targets.remove(pair.kind()) == null) {
                found.add("an exception that is not needed: " + pair);
            }
        }
        cycles.groups().forEach(group -> found.add(cycles.describe(group)));
        return found;
    }

    private static boolean isWithin(JavaClass type, String packagePrefix) {
        return (type.getPackageName() + ".").startsWith(packagePrefix + ".");
    }

    private void add(JavaClass type, String packagePrefix) {
        SortedMap<String, Dependency> targets = graph.computeIfAbsent(outermost(type), name -> new TreeMap<>());
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
            JavaClass target = dependency.getTargetClass().getBaseComponentType();
            if (isWithin(target, packagePrefix) && !outermost(target).equals(outermost(type))) {
                targets.putIfAbsent(outermost(target), dependency);
            }
        }
    }

    private static String outermost(JavaClass type) {
        String name = type.getFullName();
        int nested = name.indexOf('$');
        return nested < 0 ? name : name.substring(0, nested);
    }

    /** The groups of more than one class in which each class depends on every other, directly or not. */
    private Set<SortedSet<String>> groups() {
        Map<String, SortedSet<String>> reachable = new HashMap<>();
        graph.keySet().forEach(name -> reachable.put(name, reachable(name)));
        Map<SortedSet<String>, SortedSet<String>> groups = new HashMap<>();
        reachable.forEach((name, names) -> {
            if (names.contains(name)) {
                groups.computeIfAbsent(mutual(name, reachable), group -> group);
            }
        });
        Set<SortedSet<String>> sorted =
                new TreeSet<>((one, other) -> one.first().compareTo(other.first()));
        sorted.addAll(groups.keySet());
        return sorted;
    }

    private static SortedSet<String> mutual(String name, Map<String, SortedSet<String>> reachable) {
        SortedSet<String> group = new TreeSet<>();
        for (String other : reachable.getOrDefault(name, new TreeSet<>())) {
            if (reachable.getOrDefault(other, new TreeSet<>()).contains(name)) {
                group.add(other);
            }
        }
        return group;
    }

    /** The classes that a class depends on, directly or not; itself only if it is in a cycle. */
    private SortedSet<String> reachable(String from) {
        SortedSet<String> reached = new TreeSet<>();
        Deque<String> open = new ArrayDeque<>(targets(from));
        while (!open.isEmpty()) {
            String name = open.remove();
            if (reached.add(name)) {
                open.addAll(targets(name));
            }
        }
        return reached;
    }

    private Set<String> targets(String name) {
        return graph.getOrDefault(name, new TreeMap<>()).keySet();
    }

    private String describe(SortedSet<String> group) {
        List<String> cycle = shortestCycle(group.first());
        StringBuilder text = new StringBuilder("cycle of " + group.size() + " classes: "
                + group.stream().map(ClassCycles::simple).collect(joining(", ")));
        for (int i = 0; i + 1 < cycle.size(); i++) {
            Dependency dependency =
                    graph.getOrDefault(cycle.get(i), new TreeMap<>()).get(cycle.get(i + 1));
            text.append("\n  ").append(simple(cycle.get(i))).append(" -> ").append(simple(cycle.get(i + 1)));
            text.append(": ").append(dependency == null ? "" : dependency.getDescription());
        }
        return text.toString();
    }

    private static String simple(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** Breadth first, from a class back to itself. */
    private List<String> shortestCycle(String start) {
        Map<String, List<String>> paths = new HashMap<>();
        Deque<List<String>> open = new ArrayDeque<>(List.of(List.of(start)));
        while (!open.isEmpty()) {
            List<String> path = open.remove();
            for (String next : targets(path.get(path.size() - 1))) {
                List<String> longer = new ArrayList<>(path);
                longer.add(next);
                if (next.equals(start)) {
                    return longer;
                }
                if (paths.putIfAbsent(next, longer) == null) {
                    open.add(longer);
                }
            }
        }
        throw new IllegalArgumentException(start + " is not in a cycle");
    }
}
