package dev.kbmigrator.simulation;

import dev.kbmigrator.KnowledgeBoxes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The host's own KBs: which there are, which are being created, and which were deleted. */
final class SimHost {

    private final World world;
    final TreeSet<String> listed = new TreeSet<>();
    final Map<String, Node> reserved = new TreeMap<>();
    final Map<String, Long> deletedAt = new HashMap<>();

    /** The KBs that a host is about to make anew under their ids. */
    final Set<String> replaced = new TreeSet<>();

    private final Map<String, Long> deletedNanos = new HashMap<>();
    private int used;

    SimHost(World world) {
        this.world = world;
    }

    /** An id that was never used before; null when there are no more. */
    String fresh() {
        List<String> ids = world.scenario.kbIds;
        return used < ids.size() ? ids.get(used++) : null;
    }

    boolean isThere(String kbId) {
        return listed.contains(kbId) || reserved.containsKey(kbId);
    }

    /** One that was deleted so long ago that no listing remembers it, and that nobody knows any more; null when there is none. */
    String reusable() {
        long since = world.scheduler.now() - 4 * world.scenario.listing.toNanos();
        for (Map.Entry<String, Long> one : new TreeMap<>(deletedNanos).entrySet()) {
            if (one.getValue() < since && !model().versions.containsKey(one.getKey())) {
                return one.getKey();
            }
        }
        return null;
    }

    /** A KB is there that nobody has registered. */
    void add(String kbId) {
        deletedAt.remove(kbId);
        deletedNanos.remove(kbId);
        model().skips.remove(kbId);
        listed.add(kbId);
    }

    private Model model() {
        return world.model;
    }

    void delete(String kbId) {
        listed.remove(kbId);
        reserved.remove(kbId);
        deletedAt.put(kbId, world.model.tick());
        deletedNanos.put(kbId, world.scheduler.now());
    }

    /** The KBs that were being created there will never be visible. */
    void crashed(Node node) {
        for (Map.Entry<String, Node> one : List.copyOf(reserved.entrySet())) {
            if (one.getValue() == node) {
                delete(one.getKey());
            }
        }
    }

    /** Nobody who looked at the host after a KB was deleted may make it known again. */
    void checkMayAppear(String kbId) {
        Long deleted = deletedAt.get(kbId);
        if (deleted != null && world.scheduler.current().knowsHostSince > deleted) {
            world.scheduler.violate(kbId + " came back after it was deleted");
        }
    }

    KnowledgeBoxes seenBy(Node node) {
        return new KnowledgeBoxes() {
            @Override
            public Stream<String> ids() throws Exception {
                ask("ids");
                node.scheduler.current().knowsHostSince = world.model.tick();
                List<String> shown = new ArrayList<>(listed);
                if (world.scenario.listsBadIds) {
                    shown.add(node.scheduler.random.nextInt(shown.size() + 1), "not\0kept");
                }
                Iterator<String> ids = shown.iterator();
                Iterable<String> slowly = () -> new Slowly(node, ids);
                return StreamSupport.stream(slowly.spliterator(), false);
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) throws Exception {
                if (!world.scenario.tellsWhatExists) {
                    return Set.copyOf(kbIds);
                }
                ask("existing");
                node.scheduler.current().knowsHostSince = world.model.tick();
                return kbIds.stream().filter(listed::contains).collect(Collectors.toSet());
            }

            private void ask(String what) throws Exception {
                node.scheduler.checkAlive();
                node.scheduler.event(what);
                node.scheduler.sleep(node.scheduler.millis(0, 3));
                if (world.stormy && node.scheduler.chance(world.scenario.hostFaults)) {
                    throw new Exception("simulated: the host's database is away");
                }
            }
        };
    }

    /** Others go on while the list is read. */
    private record Slowly(Node node, Iterator<String> ids) implements Iterator<String> {

        @Override
        public boolean hasNext() {
            return ids.hasNext();
        }

        @Override
        public String next() {
            if (node.scheduler.random.nextInt(8) == 0) {
                node.scheduler.sleep(node.scheduler.millis(0, 20));
            }
            return ids.next();
        }
    }
}
