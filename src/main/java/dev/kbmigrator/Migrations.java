package dev.kbmigrator;

import com.google.common.reflect.ClassPath;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the migrations come from: a package, {@link ServiceLoader}, or an explicit list.
 *
 * <p>The migrations are searched for in {@link MigratorBuilder#build()}, which reports every problem with them in a single {@link
 * InvalidMigrationsException}. Immutable and safe for use by many threads.
 */
public final class Migrations {

    private static final Logger LOG = LoggerFactory.getLogger(Migrations.class);

    /** Finds the migrations. Passes each problem to the consumer, and continues. */
    @FunctionalInterface
    private interface Finder {
        List<Migration> find(Consumer<String> problems);
    }

    private static final int MOST_PROVIDER_ERRORS = 100;

    private final Finder finder;

    private Migrations(Finder finder) {
        this.finder = finder;
    }

    /**
     * Returns a source that contains the given migrations.
     *
     * @param migrations the migrations, in any order; none at all if the host has none yet
     * @return the source
     * @throws NullPointerException if the array is null; {@link MigratorBuilder#build()} reports a migration that is null
     */
    public static Migrations of(Migration... migrations) {
        return of(Arrays.asList(Objects.requireNonNull(migrations, "migrations")));
    }

    /**
     * Returns a source that contains the given migrations.
     *
     * @param migrations the migrations, in any order; they are copied
     * @return the source
     * @throws NullPointerException if the collection is null; {@link MigratorBuilder#build()} reports a migration that is null
     */
    public static Migrations of(Iterable<? extends Migration> migrations) {
        Objects.requireNonNull(migrations, "migrations");
        List<Migration> copy = new ArrayList<>();
        migrations.forEach(copy::add);
        return new Migrations(problems -> copy);
    }

    /**
     * Returns a source that asks {@link ServiceLoader} for all providers of {@link Migration}, with the class loader that is the
     * context class loader of the thread that calls {@link MigratorBuilder#build()}. It finds what {@code META-INF/services} names on the
     * class path, and what Java modules declare with {@code provides}. If it finds nothing, that is reported as a problem: a host that has
     * no migrations yet uses {@link #of(Migration...)} without an argument.
     *
     * @return the source
     */
    public static Migrations fromServiceLoader() {
        return new Migrations(Migrations::provided);
    }

    private static List<Migration> provided(Consumer<String> problems) {
        List<Migration> found = new ArrayList<>();
        Iterator<Migration> providers =
                ServiceLoader.load(Migration.class, loader()).iterator();
        int errors = 0;
        // The iterator continues after an error. The bound protects against one that repeats the same error forever.
        while (errors < MOST_PROVIDER_ERRORS) {
            try {
                if (!providers.hasNext()) {
                    break;
                }
                found.add(providers.next());
            } catch (ServiceConfigurationError e) {
                errors++;
                problems.accept("ServiceLoader could not provide a migration: " + e.getMessage()
                        + (e.getCause() == null ? "" : ": " + e.getCause()));
            }
        }
        if (found.isEmpty() && errors == 0) {
            problems.accept("ServiceLoader found no migrations: no META-INF/services/" + Migration.class.getName()
                    + " that the context class loader (" + loaderName()
                    + ") can see names one, and no module provides one. If"
                    + " there should be some, check that the file was kept when jars were merged, or use"
                    + " Migrations.of(...); without an argument, it says that there are none");
        }
        return found;
    }

    /**
     * Returns a source that searches a package and its subpackages for migrations, and creates them with their public constructor
     * without parameters. The rules of {@link #inPackage(String, MigrationFactory)} apply.
     *
     * @param packageName the name of the package
     * @return the source
     * @throws NullPointerException if the name is null
     */
    public static Migrations inPackage(String packageName) {
        return inPackage(packageName, Migrations::construct);
    }

    /**
     * Returns a source that searches a package and its subpackages for migrations, and creates them with a factory.
     *
     * <p>Every concrete top-level class that implements {@link Migration} is a migration. Other classes are ignored, unless they
     * look like a migration by mistake: a top-level class that is named like one but does not implement {@link Migration}, if there is
     * no migration of that version, or a nested class that is named like one and does, is reported as a problem. So is a package without
     * migrations.
     *
     * <p>Only the class path is searched, with the context class loader of the thread that calls {@link MigratorBuilder#build()}: not
     * the module path, and not the jars inside another jar.
     *
     * @param packageName the name of the package
     * @param factory creates the instances
     * @return the source
     * @throws NullPointerException if an argument is null
     */
    public static Migrations inPackage(String packageName, MigrationFactory factory) {
        Objects.requireNonNull(packageName, "packageName");
        Objects.requireNonNull(factory, "factory");
        return new Migrations(problems -> scan(packageName, factory, problems));
    }

    List<Migration> find(Consumer<String> problems) {
        return finder.find(problems);
    }

    private static List<Migration> scan(String packageName, MigrationFactory factory, Consumer<String> problems) {
        List<Migration> found = new ArrayList<>();
        List<Class<?>> migrations = new ArrayList<>();
        List<Class<?>> others = new ArrayList<>();
        for (Class<?> type : classesIn(packageName, problems)) {
            if (!Migration.class.isAssignableFrom(type)) {
                others.add(type);
            } else if (!type.isInterface() && !Modifier.isAbstract(type.getModifiers())) {
                migrations.add(type);
                create(type.asSubclass(Migration.class), factory, problems, found);
            }
        }
        if (migrations.isEmpty()) {
            problems.accept("the package " + packageName + " contains no migrations that the context class loader ("
                    + loaderName()
                    + ") can see. If it should, the class path cannot be scanned here: jars nested in another"
                    + " jar and the module path hide their classes. Use Migrations.fromServiceLoader() or"
                    + " Migrations.of(...)");
        }
        checkOthers(others, migrations, found, problems);
        return found;
    }

    /** A class that is named like a migration but is none is a mistake, unless it belongs to a migration, as its test does. */
    private static void checkOthers(
            List<Class<?>> others, List<Class<?>> migrations, List<Migration> found, Consumer<String> problems) {
        Set<Long> versions = new HashSet<>();
        migrations.forEach(type -> MigrationName.parse(type).ifPresent(name -> versions.add(name.version())));
        found.forEach(migration -> versionOf(migration).ifPresent(versions::add));
        for (Class<?> type : others) {
            String name = type.getSimpleName();
            Optional<MigrationName> parsed = MigrationName.parse(type);
            if (parsed.isEmpty() || migrations.stream().anyMatch(one -> name.startsWith(one.getSimpleName()))) {
                continue;
            }
            if (versions.contains(parsed.get().version())) {
                LOG.atWarn()
                        .log(
                                "{} is named like a migration but does not implement Migration; it is ignored, because"
                                        + " there is a migration of that version",
                                type.getName());
            } else {
                problems.accept(type.getName() + " is named like a migration but does not implement Migration");
            }
        }
    }

    /** Returns the version that a migration says it has; empty if it cannot say, which is reported elsewhere. */
    private static Optional<Long> versionOf(Migration migration) {
        try {
            return Optional.of(migration.version());
        } catch (RuntimeException | LinkageError e) {
            return Optional.empty();
        }
    }

    private static String loaderName() {
        ClassLoader loader = loader();
        return loader.getName() == null ? loader.toString() : loader.getName() + ", " + loader;
    }

    /** Returns the class loader with which migrations are searched for. */
    private static ClassLoader loader() {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        return loader == null ? Migrations.class.getClassLoader() : loader;
    }

    private static List<Class<?>> classesIn(String packageName, Consumer<String> problems) {
        List<Class<?>> classes = new ArrayList<>();
        String prefix = packageName + ".";
        try {
            for (ClassPath.ClassInfo info : ClassPath.from(loader()).getAllClasses()) {
                if (!info.getName().startsWith(prefix)) {
                    continue;
                }
                try {
                    if (info.isTopLevel()) {
                        classes.add(info.load());
                    } else if (MigrationName.matches(info.getSimpleName())) {
                        refuseNested(info.load(), problems);
                    }
                } catch (LinkageError e) {
                    problems.accept(info.getName() + " cannot be loaded: " + e);
                }
            }
        } catch (IOException e) {
            problems.accept("the class path cannot be scanned for " + packageName + ": " + e);
        }
        return classes;
    }

    private static void refuseNested(Class<?> type, Consumer<String> problems) {
        if (Migration.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())) {
            problems.accept(type.getName() + " is nested in another class: move it to a file of its own, or use"
                    + " Migrations.of(...)");
        }
    }

    private static void create(
            Class<? extends Migration> type,
            MigrationFactory factory,
            Consumer<String> problems,
            List<Migration> found) {
        try {
            Migration made = factory.create(type);
            if (made == null) {
                problems.accept("the factory returned null for " + type.getName() + ": it must create an instance");
            } else {
                found.add(made);
            }
        } catch (InvocationTargetException e) {
            problems.accept("the constructor of " + type.getName() + " failed: " + e.getCause());
        } catch (NoSuchMethodException | IllegalAccessException e) {
            problems.accept(type.getName()
                    + (Modifier.isPublic(type.getModifiers())
                            ? " has no public constructor without parameters: add one"
                            : " is not public: make it public")
                    + ", or pass a factory to Migrations.inPackage");
        } catch (Exception | LinkageError e) {
            problems.accept(type.getName() + " could not be created: " + e);
        }
    }

    private static Migration construct(Class<? extends Migration> type) throws ReflectiveOperationException {
        return type.getConstructor().newInstance();
    }
}
