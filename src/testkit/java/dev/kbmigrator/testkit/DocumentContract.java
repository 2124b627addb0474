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
@Checks(Rule.DOCUMENTS)
interface DocumentContract extends StoreFixture {

    @Test
    default void aDocumentIsMadeOnlyWhenThereIsNone() {
        assertThat(store().document("plan"))
                .as("a document that nobody has created")
                .isEmpty();
        assertThat(store().compareAndSet("plan", 0, "{\"v\":1}", null))
                .as("whether a document was created where there was none")
                .isTrue();
        assertThat(store().compareAndSet("plan", 0, "{\"v\":2}", null))
                .as("whether a document was created although there was one")
                .isFalse();
        assertThat(other().document("plan"))
                .as("the document, as the second handle reads it")
                .hasValueSatisfying(document -> {
                    assertThat(document.name()).as("the document's name").isEqualTo("plan");
                    assertThat(document.revision())
                            .as("the document's revision")
                            .isPositive();
                    assertThat(document.json())
                            .as("the document's text, as it was created")
                            .isEqualTo("{\"v\":1}");
                });
    }

    @Test
    default void aDocumentIsChangedOnlyFromTheExpectedRevision() {
        assertThat(store().compareAndSet("plan", 1, "1", null))
                .as("a change of a document that does not exist")
                .isFalse();
        store().compareAndSet("plan", 0, "1", null);
        long first = revision("plan");
        assertThat(store().compareAndSet("plan", first + 1, "2", null))
                .as("a change from a revision that is not stored")
                .isFalse();
        assertThat(store().compareAndSet("plan", first, "2", null))
                .as("a change from the stored revision")
                .isTrue();
        long second = revision("plan");
        assertThat(second).as("the revision after a change").isPositive().isNotEqualTo(first);
        assertThat(store().compareAndSet("plan", first, "3", null))
                .as("a change from a revision that was replaced")
                .isFalse();
        assertThat(text("plan"))
                .as("the text after one change from the stored revision, and refused ones")
                .isEqualTo("2");
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
        assertThat(store().compareAndSet("plan", revision + 1, null, null))
                .as("a deletion from a revision that is not stored")
                .isFalse();
        assertThat(store().compareAndSet("plan", revision - 1, null, null))
                .as("a deletion from a revision that is not stored")
                .isFalse();
        assertThat(store().document("plan"))
                .as("the document after refused deletions")
                .isPresent();
        assertThat(store().compareAndSet("plan", revision, null, null))
                .as("a deletion from the stored revision")
                .isTrue();
        assertThat(store().document("plan"))
                .as("the document after its deletion")
                .isEmpty();
        assertThat(store().documents("plan"))
                .as("the list of documents after the only one was deleted")
                .isEmpty();
        assertThat(store().compareAndSet("plan", revision, "3", null))
                .as("a change of a document that was deleted")
                .isFalse();
        assertThat(store().compareAndSet("plan", revision, null, null))
                .as("a deletion of a document that was deleted")
                .isFalse();
        assertThat(store().compareAndSet("plan", 0, null, null))
                .as("deletion of a document that does not exist")
                .isFalse();
        assertThat(store().compareAndSet("plan", 0, "4", null))
                .as("whether a document was created anew after its deletion")
                .isTrue();
        assertThat(text("plan"))
                .as("the text of the document that was created anew")
                .isEqualTo("4");
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
                assertThat(mine.compareAndSet("plan", revision, "1", null))
                        .as("%s", what)
                        .isTrue();
                revision = revision("plan");
                assertThat(seen.put(revision, what))
                        .as("the revision of %s was that of an earlier one", what)
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
            assertThat(mine.compareAndSet("plan", revision, null, null))
                    .as("a deletion from the stored revision")
                    .isTrue();
        }
    }

    @Test
    @Checks(Rule.FENCE)
    default void aCurrentFenceLetsTheChangeThrough() {
        Epoch coordinator = kbs().epoch(Epoch.COORDINATOR);
        Epoch partition = kbs().epoch(17);
        assertThat(store().compareAndSet("plan", 0, "1", coordinator))
                .as("a creation under the coordinator's newest epoch")
                .isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), "2", partition))
                .as("a change under a partition's newest epoch")
                .isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), "3", coordinator))
                .as("a change under the coordinator's newest epoch")
                .isTrue();
        assertThat(store().compareAndSet("plan", revision("plan"), null, coordinator))
                .as("a deletion under the coordinator's newest epoch")
                .isTrue();
    }

    @Test
    @Checks(Rule.FENCE)
    default void aStaleFenceRefusesTheChange() {
        for (int scope : List.of(Epoch.COORDINATOR, 17)) {
            String name = "doc/" + scope;
            Epoch stale = kbs().epoch(scope);
            other().openEpochs(Set.of(scope));
            assertThat(store().compareAndSet(name, 0, "1", stale))
                    .as("a creation under an epoch of scope %s that is not the newest", scope)
                    .isFalse();
            assertThat(store().document(name))
                    .as("the document that was created under an old epoch of scope %s", scope)
                    .isEmpty();
            assertThat(store().compareAndSet(name, 0, "1", null))
                    .as("a creation without a fence")
                    .isTrue();
            assertThat(store().compareAndSet(name, revision(name), "2", stale))
                    .as("a change under an epoch of scope %s that is not the newest", scope)
                    .isFalse();
            assertThat(store().compareAndSet(name, revision(name), null, stale))
                    .as("a deletion under an epoch of scope %s that is not the newest", scope)
                    .isFalse();
            assertThat(text(name))
                    .as("the text after changes under an old epoch of scope %s", scope)
                    .isEqualTo("1");
        }
    }

    @Test
    default void aCurrentFenceDoesNotReplaceTheRevision() {
        store().compareAndSet("plan", 0, "1", null);
        Epoch epoch = kbs().epoch(Epoch.COORDINATOR);
        assertThat(store().compareAndSet("plan", 0, "2", epoch))
                .as("a creation under the newest epoch, although the document exists")
                .isFalse();
        assertThat(store().compareAndSet("plan", revision("plan") + 1, "2", epoch))
                .as("a change under the newest epoch, from a revision that is not stored")
                .isFalse();
        assertThat(text("plan")).as("the text after refused changes").isEqualTo("1");
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
                .as("names in ASCII order")
                .extracting(Document::name)
                .containsExactlyElementsOf(names.stream().sorted().toList());
        assertThat(store().documents("h/a"))
                .as("the names that start with h/a")
                .extracting(Document::name)
                .containsExactly("h/a", "h/a-b", "h/a/b", "h/ab");
        assertThat(store().documents("h/none"))
                .as("the names that start with a prefix that no document has")
                .isEmpty();
        assertThat(store().documents("h/"))
                .as("the documents of a list, which must be those that single reads return")
                .allSatisfy(document -> {
                    assertThat(document.json())
                            .as("the text of %s", document.name())
                            .isEqualTo("" + names.indexOf(document.name()));
                    assertThat(document.revision())
                            .as("the revision of %s", document.name())
                            .isEqualTo(revision(document.name()));
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
        assertThat(store().documents("h/", "a", 2))
                .as("the first two documents after the name a")
                .extracting(Document::name)
                .containsExactly("h/", "h/10");
        assertThat(store().documents("h/", "h/~", 2))
                .as("the documents after the last one")
                .isEmpty();
        assertThat(store().documents("h/", "z", 2))
                .as("the documents after a name that sorts after all")
                .isEmpty();
    }

    @Test
    @Checks(Rule.TEXTS)
    default void namesAndPrefixesHoldNoWildcards() {
        List<String> names =
                List.of("a_b/1", "axb/1", "a%b/1", "axxb/1", "a\\b/1", "a\\_b/1", "a'b/1", "a*b/1", "a?b/1", "A_B/1");
        for (String name : names) {
            assertThat(store().compareAndSet(name, 0, "\"" + names.indexOf(name) + "\"", null))
                    .as("whether %s was created", name)
                    .isTrue();
        }
        for (String name : names) {
            assertThat(text(name)).as("the text of %s", name).isEqualTo("\"" + names.indexOf(name) + "\"");
            String prefix = name.substring(0, name.length() - 1);
            assertThat(store().documents(prefix))
                    .as("the documents that start with %s", prefix)
                    .extracting(Document::name)
                    .containsExactly(name);
        }
        assertThat(store().documents("%"))
                .as("the documents that start with a percent sign")
                .isEmpty();
        assertThat(store().documents("_"))
                .as("the documents that start with an underscore")
                .isEmpty();
    }

    @Test
    @Checks(Rule.TEXTS)
    default void namesAreComparedToTheLetter() {
        assertThat(store().compareAndSet("doc", 0, "1", null))
                .as("whether doc was created")
                .isTrue();
        assertThat(store().compareAndSet("DOC", 0, "2", null))
                .as("whether DOC was created beside doc")
                .isTrue();
        assertThat(store().compareAndSet("doc ", 0, "3", null))
                .as("whether \"doc \" was created beside doc")
                .isTrue();
        assertThat(text("doc")).as("the text of doc").isEqualTo("1");
        assertThat(text("DOC")).as("the text of DOC").isEqualTo("2");
        assertThat(text("doc ")).as("the text of \"doc \"").isEqualTo("3");
    }

    @Test
    @Checks(Rule.TEXTS)
    default void aNameOf200CharactersFits() {
        String name = "n".repeat(199) + "1";
        assertThat(store().compareAndSet(name, 0, "1", null))
                .as("whether a document with a name of 200 characters was created")
                .isTrue();
        assertThat(store().compareAndSet("n".repeat(199) + "2", 0, "2", null))
                .as("whether one was created whose name differs only in the 200th character")
                .isTrue();
        assertThat(text(name)).as("the text of the first of the two").isEqualTo("1");
        Items.assertAll(
                "documents whose names differ only in the 200th character",
                names(store().documents("n".repeat(199))),
                List.of(name, "n".repeat(199) + "2"));
    }

    @Test
    @Checks(Rule.TEXTS)
    default void aTextComesBackToTheLetter() {
        for (String json : List.of(
                "null",
                "\"\"",
                "{ \"b\" : 1.50,\n\t\"a\":[true , 1e3, 12345678901234567890] }",
                "{\"a\":1,\"a\":2}",
                "\"it's 100% 日本語 é e\u0301 😀 \\u0000 \\\\ ? ${x} :y\"")) {
            long before = store().document("doc").map(Document::revision).orElse(0L);
            assertThat(store().compareAndSet("doc", before, json, null))
                    .as("a change of the text to %s", json)
                    .isTrue();
            assertThat(text("doc")).as("the text that was written").isEqualTo(json);
        }
    }

    @Test
    @Checks(Rule.TEXTS)
    default void textsOf1MebibyteFit() {
        int inner = Document.MAX_BYTES - 2;
        for (String text : List.of("x".repeat(inner), "é".repeat(inner / 2), "😀".repeat(inner / 4))) {
            String json = "\"" + text + "\"";
            assertThat(json.getBytes(StandardCharsets.UTF_8).length)
                    .as("the size of the text, a precondition of this test")
                    .isBetween(Document.MAX_BYTES - 3, Document.MAX_BYTES);
            long before = store().document("big").map(Document::revision).orElse(0L);
            assertThat(store().compareAndSet("big", before, json, null))
                    .as("whether a text of 1 MiB was written")
                    .isTrue();
            assertThat(text("big")).as("a text of 1 MiB").hasSameSizeAs(json).isEqualTo(json);
        }
    }

    private long revision(String name) {
        return store().document(name).orElseThrow().revision();
    }

    private String text(String name) {
        return store().document(name).orElseThrow().json();
    }

    private static List<String> names(List<Document> documents) {
        return documents.stream().map(Document::name).toList();
    }
}
