package dev.kbmigrator;

import com.google.common.reflect.ClassPath;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/**
 * Where the migrations come from: a package, {@link ServiceLoader}, or an explicit list.
 *
 * <p>The migrations are searched for in {@link MigratorBuilder#build()}, which reports every problem with them in a single {@link
 * InvalidMigrationsException}. Immutable and safe for use by many threads.
 */
public final class Migrations {

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
     * @param migrations the migrations, in any order
     * @return the source
     * @throws NullPointerException if a migration is null
     */
    public static Migrations of(Migration... migrations) {
        return of(List.of(migrations));
    }

    /**
     * Returns a source that contains the given migrations.
     *
     * @param migrations the migrations, in any order; they are copied
     * @return the source
     */
    public static Migrations of(Iterable<? extends Migration> migrations) {
        List<Migration> copy = new ArrayList<>();
        migrations.forEach(copy::add);
        return new Migrations(problems -> copy);
    }

    /**
     * Returns a source that asks {@link ServiceLoader} for all providers of {@link Migration}, with the class loader that is the
     * context class loader of the thread that calls {@link MigratorBuilder#build()}.
     *
     * @return the source
     */
    public static Migrations fromServiceLoader() {
        return new Migrations(problems -> {
            List<Migration> found = new ArrayList<>();
            Iterator<Migration> providers = ServiceLoader.load(Migration.class).iterator();
            // The iterator continues after an error. The bound protects against one that repeats the same error
            // forever.
            for (int errors = 0; errors < MOST_PROVIDER_ERRORS; ) {
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
            return found;
        });
    }

    /**
     * Returns a source that searches a package and its subpackages for migrations, and creates them with their public constructor
     * without parameters. The rules of {@link #inPackage(String, MigrationFactory)} apply.
     *
     * @param packageName the name of the package
     * @return the source
     */
    public static Migrations inPackage(String packageName) {
        return inPackage(packageName, Migrations::construct);
    }

    /**
     * Returns a source that searches a package and its subpackages for migrations, and creates them with a factory.
     *
     * <p>Every concrete top-level class that implements {@link Migration} is a migration. Other classes are ignored, unless they
     * look like a migration by mistake: a top-level class that is named like one but does not implement {@link Migration}, or a
     * nested class that is named like one and does, is reported as a problem. So is a package without migrations.
     *
     * @param packageName the name of the package
     * @param factory creates the instances
     * @return the source
     */
    public static Migrations inPackage(String packageName, MigrationFactory factory) {
        return new Migrations(problems -> scan(packageName, factory, problems));
    }

    List<Migration> find(Consumer<String> problems) {
        return finder.find(problems);
    }

    private static List<Migration> scan(String packageName, MigrationFactory factory, Consumer<String> problems) {
        List<Migration> found = new ArrayList<>();
        int classes = 0;
        for (Class<?> type : classesIn(packageName, problems)) {
            if (!Migration.class.isAssignableFrom(type)) {
                if (MigrationName.parse(type).isPresent()) {
                    problems.accept(type.getName() + " is named like a migration but does not implement Migration");
                }
            } else if (!type.isInterface() && !Modifier.isAbstract(type.getModifiers())) {
                classes++;
                create(type.asSubclass(Migration.class), factory, problems, found);
            }
        }
        if (classes == 0) {
            problems.accept(
                    "the package " + packageName + " contains no migrations. If it should, the class path cannot be"
                            + " scanned here (some packaged jars hide their classes): use Migrations.fromServiceLoader() or"
                            + " Migrations.of(...)");
        }
        return found;
    }

    private static List<Class<?>> classesIn(String packageName, Consumer<String> problems) {
        List<Class<?>> classes = new ArrayList<>();
        String prefix = packageName + ".";
        ClassLoader contextLoader = Thread.currentThread().getContextClassLoader();
        ClassLoader loader = contextLoader == null ? Migrations.class.getClassLoader() : contextLoader;
        try {
            for (ClassPath.ClassInfo info : ClassPath.from(loader).getAllClasses()) {
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
