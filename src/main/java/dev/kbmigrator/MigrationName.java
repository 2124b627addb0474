package dev.kbmigrator;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The version and the name in a class name: {@code M0001_MigrateData} stands for 1 and {@code migrate_data}. */
record MigrationName(long version, String name) {

    private static final Pattern CLASS_NAME = Pattern.compile("[A-Za-z](\\d{1,18})_(\\w+)");
    private static final Pattern WORD_START = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])");

    /** Returns whether the simple name of a class contains a version and a name. */
    static boolean matches(String simpleName) {
        return CLASS_NAME.matcher(simpleName).matches();
    }

    static Optional<MigrationName> parse(Class<?> type) {
        Matcher matcher = CLASS_NAME.matcher(type.getSimpleName());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String name = WORD_START.matcher(matcher.group(2)).replaceAll("_").toLowerCase(Locale.ROOT);
        return Optional.of(new MigrationName(Long.parseLong(matcher.group(1)), name));
    }

    static MigrationName of(Class<?> type) {
        return parse(type)
                .orElseThrow(() -> new InvalidMigrationsException(
                        List.of("the class name of " + type.getName() + " does not contain a version: name it"
                                + " <letter><zero-padded sequence>_<Name>, such as M0001_MigrateData, or override version()"
                                + " and name()")));
    }
}
