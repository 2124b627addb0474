package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** KB ids are compared byte by byte, whatever characters they contain. */
@Checks(Rule.TEXTS)
interface KbIdContract extends StoreFixture {

    /** Ids that a collation, an escape sequence or a cursor could mix up. */
    List<String> AWKWARD = List.of(
            "a",
            "A",
            "a ",
            "a  ",
            " a",
            "a\t",
            "a\n",
            "a\r\n",
            "a\u0001",
            "a\u00a0", // differ in case, spaces or control characters
            "e",
            "é",
            "e\u0301",
            "ß",
            "ss",
            "SS",
            "ñ",
            "n",
            "i",
            "I",
            "İ",
            "ı",
            "œ",
            "oe", // equal under some collations
            "it's",
            "\"quoted\"",
            "back\\slash",
            "a%",
            "a_",
            "ab",
            "*",
            "?",
            "'; DROP TABLE kb; --", // special in SQL
            "a/b",
            "a:b",
            "a,b",
            "{a,b}",
            "[a]",
            "$1",
            "a\\nb",
            "&amp;",
            "null",
            "0",
            "00",
            "7:a", // special in text formats
            "日本語",
            "\uff5e",
            "\ue000",
            "😀",
            "😁",
            "👩‍👩‍👧",
            "\u200b",
            "\ufeffa"); // ordered differently in UTF-8 and UTF-16

    @Test
    default void awkwardIdsStayDistinct() {
        Map<String, Long> expected = new HashMap<>();
        for (String kbId : AWKWARD) {
            long version = expected.size();
            assertThat(store().enroll(List.of(kbId), version))
                    .as("newly enrolled")
                    .containsExactly(kbId);
            expected.put(kbId, version);
        }
        assertThat(versions()).as("the versions of KBs whose ids differ").isEqualTo(expected);
        assertThat(store().enroll(AWKWARD, 100))
                .as("the KBs that were newly enrolled, although all were enrolled before")
                .isEmpty();
        Items.assertAll("KBs listed", kbs().listed(StoreDriver.all(Partitions.all(), 1)), AWKWARD);
    }

    @Test
    default void awkwardIdsAreEnrolledInOneCall() {
        Items.assertAll("newly enrolled KBs", store().enroll(AWKWARD, 3), AWKWARD);
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs whose ids differ")
                .isEqualTo(AWKWARD.size());
    }

    @Test
    default void awkwardIdsAreWrittenEachForItself() {
        kbs().enroll(0, AWKWARD);
        for (int i = 0; i < AWKWARD.size(); i++) {
            String kbId = AWKWARD.get(i);
            kbs().advance(kbId, 0, i + 1);
            kbs().done(kbs().failed(kbId, i + 1, i + 2, 1, "failure of " + kbId, Duration.ofHours(1)));
            kbs().done(kbs().checkpointed(kbId, i + 1, i + 2, "" + i));
        }
        for (int i = 0; i < AWKWARD.size(); i++) {
            String kbId = AWKWARD.get(i);
            assertThat(kbs().version(kbId)).as("the version of KB %s", kbId).isEqualTo(i + 1);
            assertThat(kbs().recorded(kbId).error())
                    .as("the error of KB %s", kbId)
                    .isEqualTo("failure of " + kbId);
            assertThat(kbs().recorded(kbId).checkpoint())
                    .as("the checkpoint of KB %s", kbId)
                    .isEqualTo("" + i);
        }
    }

    @Test
    default void anAwkwardIdIsRemovedAlone() {
        kbs().enroll(0, AWKWARD);
        List<String> left = new ArrayList<>(AWKWARD);
        for (String kbId : AWKWARD) {
            store().remove(List.of(kbId));
            left.remove(kbId);
            Items.assertAll("KBs left after a removal", store().find(AWKWARD).keySet(), left);
        }
    }

    @Test
    default void awkwardIdsOfOnePartitionAreAllListedAtEveryPageSize() {
        List<String> kbIds = new ArrayList<>();
        for (String prefix : AWKWARD) {
            kbIds.addAll(StoreDriver.inPartition(77, prefix, 1));
        }
        kbs().enroll(0, kbIds);
        for (int limit : new int[] {1, 2, 3, 7, 256}) {
            Items.assertAll(
                    "KBs listed, pages of " + limit, kbs().listed(StoreDriver.all(Partitions.all(), limit)), kbIds);
        }
    }

    @Test
    default void idsOf255BytesFit() {
        List<String> longest =
                List.of("x".repeat(255), "x".repeat(254) + "y", "é".repeat(127) + "x", "😀".repeat(63) + "xyz");
        assertThat(longest)
                .as("ids of 255 bytes, a precondition of this test")
                .allSatisfy(kbId -> assertThat(kbId.getBytes(StandardCharsets.UTF_8))
                        .as("the bytes of an id, a precondition of this test")
                        .hasSize(255));
        kbs().enroll(0, longest);
        longest.forEach(kbId -> kbs().advance(kbId, 0, 1));
        longest.forEach(kbId -> kbs().done(kbs().checkpointed(kbId, 1, 2, "1")));
        Items.assertAll("KBs found", store().find(longest).keySet(), longest);
        assertThat(store().find(longest).values())
                .as("KBs with ids of 255 bytes advanced")
                .allSatisfy(kb -> assertThat(kb.version())
                        .as("the version of KB %s", kb.kbId())
                        .isEqualTo(1));
        Items.assertAll("KBs listed", kbs().listed(StoreDriver.all(Partitions.all(), 1)), longest);
    }

    private Map<String, Long> versions() {
        Map<String, Long> versions = new HashMap<>();
        for (KbState kb : store().find(AWKWARD).values()) {
            versions.put(kb.kbId(), kb.version());
        }
        return versions;
    }
}
