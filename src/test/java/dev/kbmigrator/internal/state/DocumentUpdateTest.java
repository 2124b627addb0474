package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.state.DocumentUpdate.Outcome;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class DocumentUpdateTest {

    private static final String NAME = "global/7";
    private static final String READ = "read " + NAME;
    private static final String CHANGE = WatchedStore.CHANGE + NAME;
    private static final int MAX_ATTEMPTS = 20;

    private final WatchedStore store = new WatchedStore(new ScriptedEnvironment());
    private final DocumentUpdate documents = new DocumentUpdate(store);
    private int conflicts;

    private @Nullable String stored() {
        Document document = documents.find(NAME);
        return document == null ? null : document.json();
    }

    private long revision() {
        return store.document(NAME).map(Document::revision).orElse(0L);
    }

    private Epoch openEpoch() {
        return Objects.requireNonNull(
                store.openEpochs(Set.of(Epoch.COORDINATOR)).get(Epoch.COORDINATOR));
    }

    /** Others change the document right before each of the next writes. */
    private void othersChangeItBeforeTheNext(int writes) {
        conflicts = 0;
        store.onCall = call -> {
            if (call.equals(CHANGE) && conflicts < writes) {
                conflicts++;
                store.put(NAME, "{\"others\":" + conflicts + "}");
            }
        };
    }

    private Outcome update(@Nullable Epoch fence) {
        return documents.update(NAME, fence, json -> json.put("mine", 1));
    }

    @Test
    void namesSortByVersion() {
        assertThat(DocumentUpdate.nameOf("history/", 7)).isEqualTo("history/0000000000000000007");
        assertThat(DocumentUpdate.nameOf("history/", Long.MAX_VALUE)).isEqualTo("history/9223372036854775807");
    }

    @Test
    void aDocumentThatDoesNotExistIsReadAsEmpty() {
        assertThat(documents.find(NAME)).isNull();
        assertThat(documents.read(NAME)).isEqualTo(Json.object());
    }

    @Test
    void aDocumentIsRead() {
        store.put(NAME, "{\"a\":1}");
        assertThat(documents.find(NAME)).isEqualTo(new Document(NAME, 1, "{\"a\":1}"));
        assertThat(documents.read(NAME)).isEqualTo(Json.object().put("a", 1));
    }

    /** What every look carries must stay small, whoever writes it. */
    @Test
    void theSizeOfADocumentIsLimited() {
        List.of(
                        Map.entry("now/state", 48 * 1024),
                        Map.entry("now/control", 5 * 1024),
                        Map.entry(NAME, Document.MAX_BYTES))
                .forEach(limit -> {
                    String fits = "\"" + "é".repeat(limit.getValue() / 2 - 1) + "\"";
                    assertThat(documents.replaceOnce(limit.getKey(), 0, fits, null))
                            .isEqualTo(Outcome.CHANGED);
                    assertThatThrownBy(() -> documents.replaceOnce(limit.getKey(), 1, fits + " ", null))
                            .isInstanceOf(StateStoreException.class)
                            .hasMessageContaining(limit.getKey())
                            .hasMessageContaining("at most " + limit.getValue());
                });
    }

    @Nested
    class Update {

        @Test
        void aNewDocumentIsCreated() {
            assertThat(update(null)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"mine\":1}");
            assertThat(store.calls).startsWith(READ, CHANGE);
        }

        @Test
        void fieldsThatThisBuildDoesNotKnowAreKept() {
            store.put(NAME, "{\"ofANewerBuild\":[7]}");
            assertThat(update(null)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"ofANewerBuild\":[7],\"mine\":1}");
        }

        @Test
        void theNewestEpochMayChangeTheDocument() {
            assertThat(update(openEpoch())).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"mine\":1}");
        }

        @Test
        void aChangeByOthersIsReadAndKept() {
            othersChangeItBeforeTheNext(1);
            assertThat(update(null)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"others\":1,\"mine\":1}");
            assertThat(store.count(CHANGE)).isEqualTo(2);
        }

        @Test
        void aFencedUpdateIsRetriedToo() {
            Epoch epoch = openEpoch();
            othersChangeItBeforeTheNext(2);
            assertThat(update(epoch)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"others\":2,\"mine\":1}");
        }

        @Test
        void anOlderEpochIsFenced() {
            Epoch older = openEpoch();
            store.put(NAME, "{\"a\":1}");
            store.takeOver();
            assertThat(update(older)).isEqualTo(Outcome.FENCED);
            assertThat(stored()).isEqualTo("{\"a\":1}");
            assertThat(store.count(CHANGE)).as("tried once").isEqualTo(1);
        }

        @Test
        void anOlderEpochCreatesNothing() {
            Epoch older = openEpoch();
            store.takeOver();
            assertThat(update(older)).isEqualTo(Outcome.FENCED);
            assertThat(stored()).isNull();
        }

        @Test
        void anOlderEpochIsFencedAfterAChangeByOthers() {
            Epoch older = openEpoch();
            store.takeOver();
            othersChangeItBeforeTheNext(1);
            assertThat(update(older)).isEqualTo(Outcome.FENCED);
            assertThat(stored()).isEqualTo("{\"others\":1}");
            assertThat(store.count(CHANGE)).isEqualTo(2);
        }

        @Test
        void theTwentiethAttemptMaySucceed() {
            othersChangeItBeforeTheNext(MAX_ATTEMPTS - 1);
            assertThat(update(null)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isEqualTo("{\"others\":19,\"mine\":1}");
        }

        @Test
        void afterTwentyAttemptsItIsAnError() {
            othersChangeItBeforeTheNext(MAX_ATTEMPTS);
            assertThatThrownBy(() -> update(null))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessage(
                            "the document global/7 was changed by others 20 times in a row while it was to be changed"
                                    + " here: try again");
            assertThat(store.count(CHANGE)).isEqualTo(MAX_ATTEMPTS);
        }
    }

    @Nested
    class Replace {

        @Test
        void theChangeSeesWhatIsStoredNow() {
            List<@Nullable Document> seen = new ArrayList<>();
            othersChangeItBeforeTheNext(1);
            Outcome outcome = documents.replace(NAME, null, before -> {
                seen.add(before);
                return Optional.of("{\"new\":1}");
            });
            assertThat(outcome).isEqualTo(Outcome.CHANGED);
            assertThat(seen).containsExactly(null, new Document(NAME, 1, "{\"others\":1}"));
            assertThat(stored()).isEqualTo("{\"new\":1}");
        }

        @Test
        void aDocumentThatSaysItAlreadyIsLeftAlone() {
            store.put(NAME, "{\"a\":1}");
            assertThat(documents.replace(NAME, null, before -> Optional.empty()))
                    .isEqualTo(Outcome.UNCHANGED);
            assertThat(store.calls).containsExactly(READ);
            assertThat(revision()).isEqualTo(1);
        }

        @Test
        void othersMayMakeTheChangeUnnecessary() {
            othersChangeItBeforeTheNext(1);
            assertThat(documents.replace(
                            NAME, null, before -> before == null ? Optional.of("{\"new\":1}") : Optional.empty()))
                    .isEqualTo(Outcome.UNCHANGED);
            assertThat(stored()).isEqualTo("{\"others\":1}");
        }
    }

    @Nested
    class ReplaceOnce {

        @Test
        void theRevisionThatWasReadIsReplaced() {
            store.put(NAME, "{\"a\":1}");
            assertThat(documents.replaceOnce(NAME, 1, "{\"b\":1}", null)).isEqualTo(Outcome.CHANGED);
            assertThat(store.calls).as("nothing else is read").containsExactly(CHANGE);
            assertThat(stored()).isEqualTo("{\"b\":1}");
        }

        @Test
        void aChangedDocumentIsOutdatedAndNotReadAgain() {
            store.put(NAME, "{\"a\":1}");
            assertThat(documents.replaceOnce(NAME, 0, "{\"b\":1}", null)).isEqualTo(Outcome.OUTDATED);
            assertThat(store.calls)
                    .as("without a fence there is one reason only")
                    .containsExactly(CHANGE);
            assertThat(stored()).isEqualTo("{\"a\":1}");
        }

        @Test
        void withAFenceTheReasonIsFoundOut() {
            Epoch epoch = openEpoch();
            store.put(NAME, "{\"a\":1}");
            assertThat(documents.replaceOnce(NAME, 0, "{\"b\":1}", epoch)).isEqualTo(Outcome.OUTDATED);
            store.takeOver();
            assertThat(documents.replaceOnce(NAME, 1, "{\"b\":1}", epoch)).isEqualTo(Outcome.FENCED);
            assertThat(documents.replaceOnce(NAME, 0, "{\"b\":1}", epoch))
                    .as("both: what was read must be read again anyway")
                    .isEqualTo(Outcome.OUTDATED);
            assertThat(stored()).isEqualTo("{\"a\":1}");
        }

        @Test
        void aDocumentThatOthersHaveDeletedIsOutdated() {
            Epoch epoch = openEpoch();
            assertThat(documents.replaceOnce(NAME, 1, "{\"b\":1}", epoch)).isEqualTo(Outcome.OUTDATED);
            assertThat(stored()).isNull();
        }

        @Test
        void aDocumentIsDeleted() {
            store.put(NAME, "{\"a\":1}");
            assertThat(documents.replaceOnce(NAME, 1, null, null)).isEqualTo(Outcome.CHANGED);
            assertThat(stored()).isNull();
        }

        @Test
        void aDocumentThatHasChangedIsNotDeleted() {
            store.put(NAME, "{\"a\":1}");
            store.put(NAME, "{\"a\":2}");
            assertThat(documents.replaceOnce(NAME, 1, null, null)).isEqualTo(Outcome.OUTDATED);
            assertThat(stored()).isEqualTo("{\"a\":2}");
        }

        @Test
        void anOlderEpochDeletesNothing() {
            Epoch older = openEpoch();
            store.put(NAME, "{\"a\":1}");
            store.takeOver();
            assertThat(documents.replaceOnce(NAME, 1, null, older)).isEqualTo(Outcome.FENCED);
            assertThat(stored()).isEqualTo("{\"a\":1}");
        }
    }

    @Test
    void aDocumentThatIsTooLargeIsRefusedByName() {
        String largest = "\"" + "x".repeat(Document.MAX_BYTES - 2) + "\"";
        assertThat(documents.replaceOnce(NAME, 0, largest, null)).isEqualTo(Outcome.CHANGED);
        assertThatThrownBy(() -> documents.replaceOnce(NAME, 1, largest + " ", null))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContainingAll(NAME, "1048577 bytes", "1048576");
        assertThat(documents.replaceOnce(NAME, 1, null, null)).isEqualTo(Outcome.CHANGED);
    }

    @Test
    void onlyADocumentThatCanBeRebuiltIsWrittenAnew() {
        store.put(NAME, "no json");
        assertThatThrownBy(() -> update(null)).isInstanceOf(StateStoreException.class);
        assertThat(documents.rebuild(NAME, null, json -> json.put("mine", 1))).isEqualTo(Outcome.CHANGED);
        assertThat(stored()).isEqualTo("{\"mine\":1}");
        documents.rebuild(NAME, null, json -> json.put("more", 2));
        assertThat(stored()).isEqualTo("{\"mine\":1,\"more\":2}");
    }
}
