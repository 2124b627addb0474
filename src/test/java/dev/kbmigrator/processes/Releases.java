package dev.kbmigrator.processes;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.jdbc.TransactionalKbMigration;
import java.sql.Connection;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The releases of a host, each with the migrations that it ships: {@code main:4} has versions 1 to 4. Every third version of
 * the main line has a global part besides its KB part; 5, 15, 25, … have a global part only. {@code renamed:4} differs from
 * {@code main:4} in the names from version 3 on, {@code reshaped:4} in the parts. Even versions without a global part write into
 * the host's table {@code committed} in the transaction that commits the version, where the database lets two transactions
 * write at once.
 */
final class Releases {

    private static final long FIRST_DIFFERENCE = 3;

    /** What a part does. */
    interface Work {
        void run(MigrationContext context) throws Exception;
    }

    private record Both(long version, String name, Work work) implements Migration {
        @Override
        public void migrate(MigrationContext context) throws Exception {
            work.run(context);
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            work.run(context);
        }
    }

    private record Transactional(long version, String name, Work work) implements TransactionalKbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
            HostTables.commit(connection, kbId, version);
            work.run(context);
        }
    }

    private Releases() {}

    static List<Migration> migrations(String release, boolean transactional, Work work) {
        String line = release.substring(0, release.indexOf(':'));
        return LongStream.rangeClosed(1, newest(release))
                .mapToObj(version -> transactional && isTransactional(version)
                        ? new Transactional(version, nameOf(line, version), work)
                        : migration(line, version, work))
                .toList();
    }

    static long newest(String release) {
        return Long.parseLong(release.substring(release.indexOf(':') + 1));
    }

    static boolean hasKbPart(long version) {
        return version % 10 != 5;
    }

    static boolean hasGlobalPart(long version) {
        return version % 3 == 0 || version % 10 == 5;
    }

    static boolean isTransactional(long version) {
        return version % 2 == 0 && hasKbPart(version) && !hasGlobalPart(version);
    }

    /** The version that KBs have when the fleet is at {@code version}. */
    static long kbVersion(long version) {
        return hasKbPart(version) ? version : version - 1;
    }

    private static Migration migration(String line, long version, Work work) {
        boolean differs = version >= FIRST_DIFFERENCE;
        String name = nameOf(line, version);
        if (line.equals("reshaped") && differs) {
            return KbMigration.of(version, name, (context, kbId) -> work.run(context));
        }
        if (!hasKbPart(version)) {
            return GlobalMigration.of(version, name, work::run);
        }
        return hasGlobalPart(version)
                ? new Both(version, name, work)
                : KbMigration.of(version, name, (context, kbId) -> work.run(context));
    }

    private static String nameOf(String line, long version) {
        return (line.equals("renamed") && version >= FIRST_DIFFERENCE ? "renamed_" : "step_") + version;
    }
}
