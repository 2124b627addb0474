package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Utf8;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.Trouble;
import dev.kbmigrator.spi.ReplicaReport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What a replica is doing, as it reports it to whoever asks for the fleet's status. Times are by the store's clock. Immutable.
 *
 * @param coordinating whether it is the coordinator
 * @param partitions the partitions that it holds
 * @param running its executions, those that have run longest first
 * @param more how many executions it runs besides
 * @param troubles what it cannot do at present
 */
public record ReplicaActivity(
        boolean coordinating, List<Integer> partitions, List<Running> running, int more, List<Trouble> troubles) {

    /** The activity of a replica that does nothing. */
    public static final ReplicaActivity NONE = new ReplicaActivity(false, List.of(), List.of(), 0, List.of());

    /**
     * An execution.
     *
     * @param migration the migration's name with its version
     * @param kbId the KB; empty for a global part
     * @param sinceMicros when it started
     * @param progress what it last said about its progress
     * @param checkpointMicros when it last saved a checkpoint; 0 when it has saved none
     */
    public record Running(String migration, String kbId, long sinceMicros, String progress, long checkpointMicros) {

        private ObjectNode toJson() {
            ObjectNode json = Json.object()
                    .put("migration", migration)
                    .put("kb", kbId)
                    .put("since", sinceMicros)
                    .put("progress", progress);
            return checkpointMicros == 0 ? json : json.put("checkpoint", checkpointMicros);
        }
    }

    /** Returns it as JSON, with as many of the executions as fit into a report; the others are counted. */
    public String toJson() {
        ObjectNode json = Json.object();
        json.put("coordinating", coordinating);
        json.put("partitions", ranges(partitions));
        ArrayNode inTrouble = json.putArray("troubles");
        ArrayNode listed = json.putArray("running");
        int free = ReplicaReport.MAX_BYTES - size(json.put("more", Integer.MAX_VALUE));
        for (Trouble trouble : troubles) {
            ObjectNode entry = trouble.toJson();
            free -= size(entry);
            if (free >= 0) {
                inTrouble.add(entry);
            }
        }
        int left = running.size() + more;
        for (Running one : running) {
            ObjectNode entry = one.toJson();
            free -= size(entry);
            if (free < 0) {
                break;
            }
            listed.add(entry);
            left--;
        }
        return Json.wellFormed(json.put("more", left).toString());
    }

    /** The size in a list, with the comma. */
    private static int size(ObjectNode entry) {
        return Utf8.encodedLength(Json.wellFormed(entry.toString())) + 1;
    }

    /** Returns numbers in order, such as {@code 0-17,20}. */
    private static String ranges(Collection<Integer> numbers) {
        StringBuilder text = new StringBuilder();
        List<Integer> sorted = numbers.stream().sorted().distinct().toList();
        for (int i = 0; i < sorted.size(); i++) {
            int first = sorted.get(i);
            while (i + 1 < sorted.size() && sorted.get(i + 1) == sorted.get(i) + 1) {
                i++;
            }
            text.append(text.isEmpty() ? "" : ",").append(first);
            if (sorted.get(i) != first) {
                text.append('-').append(sorted.get(i));
            }
        }
        return text.toString();
    }

    /** Reads a report; empty when it is none, because a report is only for people and must not make a status fail. */
    public static Optional<ReplicaActivity> read(ReplicaReport report) {
        try {
            JsonNode json = Json.MAPPER.readTree(report.json());
            List<Trouble> troubles = new ArrayList<>();
            json.path("troubles").forEach(trouble -> Trouble.read(trouble).ifPresent(troubles::add));
            List<Running> running = new ArrayList<>();
            json.path("running")
                    .forEach(one -> running.add(new Running(
                            one.path("migration").asText(),
                            one.path("kb").asText(),
                            one.path("since").asLong(),
                            one.path("progress").asText(),
                            one.path("checkpoint").asLong())));
            return Optional.of(new ReplicaActivity(
                    json.path("coordinating").asBoolean(),
                    numbers(json.path("partitions").asText()),
                    running,
                    json.path("more").asInt(),
                    troubles));
        } catch (JsonProcessingException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static List<Integer> numbers(String ranges) {
        List<Integer> numbers = new ArrayList<>();
        for (String range : ranges.isEmpty() ? new String[0] : ranges.split(",", -1)) {
            int dash = range.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
            int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
            for (int number = first; number <= last && numbers.size() <= 256; number++) {
                numbers.add(number);
            }
        }
        return numbers;
    }
}
