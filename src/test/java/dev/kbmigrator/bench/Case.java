package dev.kbmigrator.bench;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing that is measured, in every round or in the first ones.
 *
 * @param id what it is called in {@code -Dbench.only} and, with underscores, in the result
 * @param database the server it needs
 * @param contender what {@link Contenders} makes of it
 * @param kbs how many KBs (or tenants) it is given
 * @param replicas how many JVMs run it together
 * @param rounds in how many rounds at most
 * @param perKb whether its time is for the KBs, so that figures a KB mean something
 * @param seed the contender whose preparation is copied instead of repeated; null when it prepares for itself
 */
record Case(
        String id,
        Database database,
        String contender,
        int kbs,
        int replicas,
        int rounds,
        boolean perKb,
        @Nullable String seed) {

    /** The servers. */
    enum Database {
        POSTGRES,
        MARIADB,
        H2
    }

    static Case floor(String name, int kbs) {
        return new Case(name, Database.POSTGRES, name, kbs, 1, Integer.MAX_VALUE, true, "floor4");
    }

    static Case kbMigrator(String id, String contender, int kbs) {
        return new Case(id, Database.POSTGRES, contender, kbs, 1, Integer.MAX_VALUE, true, "b");
    }

    /** What a peer is called is what makes it. */
    static Case peer(String contender, int tenants) {
        return new Case(contender, Database.POSTGRES, contender, tenants, 1, Integer.MAX_VALUE, true, null);
    }

    /** The same elsewhere. */
    Case on(Database other) {
        String name = other.name().toLowerCase(Locale.ROOT) + "-" + id;
        return new Case(name, other, contender, kbs, replicas, rounds, perKb, seed);
    }

    /** Nothing is prepared. */
    Case fromNothing() {
        return new Case(id, database, contender, kbs, replicas, rounds, perKb, null);
    }

    Case withKbs(int number) {
        return new Case(id, database, contender, number, replicas, rounds, perKb, seed);
    }

    Case withReplicas(int number) {
        return new Case(id + "-" + number, database, contender, kbs, number, rounds, perKb, seed);
    }

    Case inRounds(int most) {
        return new Case(id, database, contender, kbs, replicas, most, perKb, seed);
    }

    Case notPerKb() {
        return new Case(id, database, contender, kbs, replicas, rounds, false, seed);
    }

    /** The start of its keys in the result. */
    String key() {
        return id.replace('-', '_');
    }

    /** Whether a name of {@code -Dbench.only} means it: its own, or the start of it, as {@code b} or {@code floor}. */
    boolean isMeantBy(String name) {
        return id.equals(name) || id.startsWith(name + "-") || (name.equals("floor") && id.startsWith(name));
    }
}
