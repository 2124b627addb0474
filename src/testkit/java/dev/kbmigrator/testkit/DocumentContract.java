package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Documents: created, changed and deleted by compare-and-set. */
interface DocumentContract extends StoreFixture {

    @Test
    default void aDocumentIsMadeOnlyWhenThereIsNone() {
        assertThat(store().document("plan")).isEmpty();
        assertThat(store().compareAndSet("plan", 0, "{\"v\":1}", null)).isTrue();
        assertThat(store().compareAndSet("plan", 0, "{\"v\":2}", null)).isFalse();
        assertThat(other().document("plan")).hasValueSatisfying(document -> {
            assertThat(document.name()).isEqualTo("plan");
            assertThat(document.revision()).isPositive();
            assertThat(document.json()).isEqualTo("{\"v\":1}");
        });
    }

    @Test
    default void aDocumentIsChangedOnlyFromTheExpectedRevision() {
        assertThat(store().compareAndSet("plan", 1, "1", null))
                .as("a change of a document that does not exist")
                .isFalse();
        store().compareAndSet("plan", 0, "1", null);
        long first = revision("plan");
        assertThat(store().compareAndSet("plan", first + 1, "2", null)).isFalse();
        assertThat(store().compareAndSet("plan", first, "2", null)).isTrue();
        long second = revision("plan");
        assertThat(second).as("the revision after a change").isPositive().isNotEqualTo(first);
        assertThat(store().compareAndSet("plan", first, "3", null)).isFalse();
        assertThat(text("plan")).isEqualTo("2");
        assertThat(store().compareAndSet("plan", second, "2", null))
                .as("a change to the same text")
                .isTrue();
        assertThat(revision("plan"))
                .as("the revision after a change to the same text")
                .isPositive()
                .isNotIn(first, second);
    }

    @Test
    default void aDocumentIsDeletedOnlyFromTheExpectedRevisionAndCanBeMadeAnew() {
        store().compareAndSet("plan", 0, "1", null);
        store().compareAndSet("plan", revision("plan"), "2", null);
        long revision = revision("plan");
        assertThat(store().compareAndSet("plan", revision + 1, null, null)).isFalse();
        assertThat(store().compareAndSet("plan", revision - 1, null, null)).isFalse();
        assertThat(store().document("plan")).isPresent();
        assertThat(store().compareAndSet("plan", revision, null, null)).isTrue();
        assertThat(store().document("plan")).isEmpty();
        assertThat(store().documents("plan")).isEmpty();
        assertThat(store().compareAndSet("plan", revision, "3", null)).isFalse();
        assertThat(store().compareAndSet("plan", revision, null, null)).isFalse();
        assertThat(store().compareAndSet("plan", 0, null, null))
                .as("deletion of a document that does not exist")
                .isFalse();
        assertThat(store().compareAndSet("plan", 0, "4", null)).isTrue();
        assertThat(text("plan")).isEqualTo("4");
    }

    /** Else a replica that has read a document changes another one of the same name, which was made since. */
    @Test
    default void aRevisionIsNeverUsedTwiceForTheSameName() {
        Map<Long, String> seen = new HashMap<>();
        for (int round = 0; round < 6; round++) {
            StateStore mine = round % 2 == 0 ? store() : other();
            long revision = 0;
            for (int change = 0; change < 4; change++) {
                String what = "change " + change + " of document " + round;
                assertThat(mine.compareAndSet("plan", revision, "1", null)).isTrue();
                revision = revision("plan");
                assertThat(seen.put(revision, what))
                        .as("revisions: the revision of %s was that of an earlier one", what)
                        .isNull();
            }
            for (long old : seen.keySet()) {
                if (old != revision) {
                    assertThat(mine.compareAndSet("plan", old, "2", null))
                            .as("a change of what %s had left", seen.get(old))
                            .isFalse();
                    assertThat(mine.compareAndSet("plan", old, null, null))
                            .as("a deletion of what %s had left", seen.get(old))
                            .isFalse();
                }
            }
            assertThat(mine.compareAndSet("plan", revision, null, null)).isTrue();
        }
    }

    @Test
    default void aCurrentFenceLetsTheChangeThrough() {
        Epoch coordinator = kbs().epoch(Epoch.COORDINATOR);
        Epoch partition = kbs().epoch(17);
        assertThat(store().compareAndSet("plan", 0, "1", coordinator)).isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), "2", partition))
                .isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), "3", coordinator))
                .isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), null, coordinator))
                .isTrue();
    }

    @Test
    default void aStaleFenceRefusesTheChange() {
        for (int scope : List.of(Epoch.COORDINATOR, 17)) {
            String name = "doc/" + scope;
            Epoch stale = kbs().epoch(scope);
            other().openEpochs(Set.of(scope));
            assertThat(store().compareAndSet(name, 0, "1", stale)).isFalse();
            assertThat(store().document(name)).isEmpty();
            assertThat(store().compareAndSet(name, 0, "1", null)).isTrue();
            assertThat(store().compareAndSet(name, revision(name), "2", stale)).isFalse();
            assertThat(store().compareAndSet(name, revision(name), null, stale)).isFalse();
            assertThat(text(name)).isEqualTo("1");
        }
    }

    @Test
    default void aCurrentFenceDoesNotReplaceTheRevision() {
        store().compareAndSet("plan", 0, "1", null);
        Epoch epoch = kbs().epoch(Epoch.COORDINATOR);
        assertThat(store().compareAndSet("plan", 0, "2", epoch)).isFalse();
        assertThat(store().compareAndSet("plan", revision("plan") + 1, "2", epoch))
                .isFalse();
        assertThat(text("plan")).isEqualTo("1");
    }

    @Test
    default void aPrefixListsItsDocumentsOrderedByName() {
        List<String> names = List.of("h/", "h/10", "h/2", "h/A", "h/Z", "h/_", "h/a", "h/a-b", "h/a/b", "h/ab", "h/~");
        for (int i = names.size() - 1; i >= 0; i--) {
            store().compareAndSet(names.get(i), 0, "" + i, null);
        }
        store().compareAndSet("h", 0, "0", null);
        store().compareAndSet("H/1", 0, "0", null);
        store().compareAndSet("g/h/1", 0, "0", null);
        store().compareAndSet("h0", 0, "0", null);
        assertThat(store().documents("h/"))
                .extracting(Document::name)
                .as("names in ASCII order")
                .containsExactlyElementsOf(names.stream().sorted().toList());
        assertThat(store().documents("h/a"))
                .extracting(Document::name)
                .containsExactly("h/a", "h/a-b", "h/a/b", "h/ab");
        assertThat(store().documents("h/none")).isEmpty();
        assertThat(store().documents("h/")).allSatisfy(document -> {
            assertThat(document.json()).isEqualTo("" + names.indexOf(document.name()));
            assertThat(document.revision()).isEqualTo(revision(document.name()));
        });
    }

    @Test
    default void aListOfDocumentsCanBeReadInParts() {
        List<String> names = List.of("h/", "h/10", "h/2", "h/A", "h/_", "h/a", "h/~");
        for (String name : names) {
            store().compareAndSet(name, 0, "1", null);
        }
        store().compareAndSet("g/1", 0, "1", null);
        store().compareAndSet("h0", 0, "1", null);
        for (int limit : List.of(1, 2, 7, 8, Integer.MAX_VALUE)) {
            List<String> seen = new ArrayList<>();
            List<Document> part = store().documents("h/", "", limit);
            while (!part.isEmpty()) {
                part.forEach(document -> seen.add(document.name()));
                assertThat(part.size())
                        .as("a part has at most the limit, and fewer only at the end")
                        .isEqualTo(Math.min(limit, names.size() - seen.size() + part.size()));
                part = store().documents("h/", part.get(part.size() - 1).name(), limit);
            }
            assertThat(seen).as("each name once, in ASCII order").containsExactlyElementsOf(names);
        }
        assertThat(store().documents("h/", "a", 2)).extracting(Document::name).containsExactly("h/", "h/10");
        assertThat(store().documents("h/", "h/~", 2)).isEmpty();
        assertThat(store().documents("h/", "z", 2)).isEmpty();
    }

    @Test
    default void namesAndPrefixesHoldNoWildcards() {
        List<String> names =
                List.of("a_b/1", "axb/1", "a%b/1", "axxb/1", "a\\b/1", "a\\_b/1", "a'b/1", "a*b/1", "a?b/1", "A_B/1");
        for (String name : names) {
            assertThat(store().compareAndSet(name, 0, "\"" + names.indexOf(name) + "\"", null))
                    .isTrue();
        }
        for (String name : names) {
            assertThat(text(name)).isEqualTo("\"" + names.indexOf(name) + "\"");
            String prefix = name.substring(0, name.length() - 1);
            assertThat(store().documents(prefix)).extracting(Document::name).containsExactly(name);
        }
        assertThat(store().documents("%")).isEmpty();
        assertThat(store().documents("_")).isEmpty();
    }

    @Test
    default void namesAreComparedToTheLetter() {
        assertThat(store().compareAndSet("doc", 0, "1", null)).isTrue();
        assertThat(store().compareAndSet("DOC", 0, "2", null)).isTrue();
        assertThat(store().compareAndSet("doc ", 0, "3", null)).isTrue();
        assertThat(text("doc")).isEqualTo("1");
        assertThat(text("DOC")).isEqualTo("2");
        assertThat(text("doc ")).isEqualTo("3");
    }

    @Test
    default void aNameOf200CharactersFits() {
        String name = "n".repeat(199) + "1";
        assertThat(store().compareAndSet(name, 0, "1", null)).isTrue();
        assertThat(store().compareAndSet("n".repeat(199) + "2", 0, "2", null)).isTrue();
        assertThat(text(name)).isEqualTo("1");
        assertThat(store().documents("n".repeat(199))).hasSize(2);
    }

    @Test
    default void aTextComesBackToTheLetter() {
        for (String json : List.of(
                "null",
                "\"\"",
                "{ \"b\" : 1.50,\n\t\"a\":[true , 1e3, 12345678901234567890] }",
                "{\"a\":1,\"a\":2}",
                "\"it's 100% 日本語 é e\u0301 😀 \\u0000 \\\\ ? ${x} :y\"")) {
            long before = store().document("doc").map(Document::revision).orElse(0L);
            assertThat(store().compareAndSet("doc", before, json, null)).isTrue();
            assertThat(text("doc")).isEqualTo(json);
        }
    }

    @Test
    default void textsOf1MebibyteFit() {
        int inner = Document.MAX_BYTES - 2;
        for (String text : List.of("x".repeat(inner), "é".repeat(inner / 2), "😀".repeat(inner / 4))) {
            String json = "\"" + text + "\"";
            assertThat(json.getBytes(StandardCharsets.UTF_8).length)
                    .isBetween(Document.MAX_BYTES - 3, Document.MAX_BYTES);
            long before = store().document("big").map(Document::revision).orElse(0L);
            assertThat(store().compareAndSet("big", before, json, null)).isTrue();
            assertThat(text("big")).hasSameSizeAs(json).isEqualTo(json);
        }
    }

    private long revision(String name) {
        return store().document(name).orElseThrow().revision();
    }

    private String text(String name) {
        return store().document(name).orElseThrow().json();
    }
}
