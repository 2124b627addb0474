package dev.kbmigrator.internal.listing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.support.LogCapture;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class HostKbsTest {

    private static final int MAX_IDS = 1_024;

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.WARN);

    /** What the host was asked about, question by question. */
    private final List<List<String>> questions = new ArrayList<>();

    private HostKbs host(UnaryOperator<Collection<String>> existing) {
        KnowledgeBoxes knowledgeBoxes = new KnowledgeBoxes() {
            @Override
            public Stream<String> ids() {
                return Stream.of("listed");
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                questions.add(List.copyOf(kbIds));
                return existing.apply(kbIds);
            }
        };
        return new HostKbs(knowledgeBoxes, "replica");
    }

    /** A host that has only these KBs. */
    private HostKbs hostWith(String... kbIds) {
        Set<String> known = Set.of(kbIds);
        return host(asked -> asked.stream().filter(known::contains).toList());
    }

    private HostKbs brokenHost(RuntimeException error) {
        return host(asked -> {
            throw error;
        });
    }

    @Test
    void theHostsListIsPassedOn() throws Exception {
        assertThat(hostWith().ids()).containsExactly("listed");
        assertThat(hostWith().replicaId()).isEqualTo("replica");
    }

    @Test
    @NullUnmarked
    void aHostThatReturnsNoListIsAClearError() {
        assertThatThrownBy(() -> new HostKbs(() -> null, "replica").ids())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("KnowledgeBoxes.ids() returned null");
    }

    @Nested
    class Missing {

        @Test
        void areThoseThatTheHostDoesNotReturn() {
            HostKbs host = hostWith("kb-1", "kb-3", "kb-9");
            assertThat(host.missing(List.of("kb-1", "kb-2", "kb-3", "kb-4"))).containsExactlyInAnyOrder("kb-2", "kb-4");
            assertThat(host.missing(List.of("kb-1"))).isEmpty();
        }

        @Test
        void areNoneWhenTheHostDoesNotCheck() {
            assertThat(host(asked -> asked).missing(List.of("kb-1", "kb-2"))).isEmpty();
        }

        @Test
        void mayBeRemovedFromTheQuestionItself() {
            HostKbs host = host(asked -> {
                asked.remove("kb-2");
                return asked;
            });
            assertThat(host.missing(List.of("kb-1", "kb-2"))).containsExactly("kb-2");
        }

        @Test
        void areNoneWhenTheHostCannotTell() {
            assertThat(brokenHost(new IllegalStateException("the host is down")).missing(List.of("kb-1", "kb-2")))
                    .isEmpty();
            assertThat(log.messages(Level.WARN))
                    .containsExactly("The host could not tell which of 2 KBs exist; they are taken to exist");
        }

        @Test
        void areNoneOfThePartOfWhichTheHostCannotTell() {
            HostKbs host = host(asked -> {
                if (asked.size() < MAX_IDS) {
                    throw new IllegalStateException("the host is down");
                }
                return List.of();
            });
            List<String> kbs =
                    IntStream.rangeClosed(0, MAX_IDS).mapToObj(i -> "kb-" + i).toList();
            assertThat(host.missing(kbs)).hasSize(MAX_IDS).doesNotContain("kb-" + MAX_IDS);
        }

        @Test
        void areAskedForInQuestionsOfLimitedSize() {
            List<String> kbs =
                    IntStream.rangeClosed(0, MAX_IDS).mapToObj(i -> "kb-" + i).toList();
            assertThat(hostWith().missing(kbs)).containsExactlyInAnyOrderElementsOf(kbs);
            assertThat(questions).containsExactly(kbs.subList(0, MAX_IDS), List.of("kb-" + MAX_IDS));
        }

        @Test
        void areNotAskedForWhenThereIsNothingToAsk() {
            assertThat(hostWith().missing(List.of())).isEmpty();
            assertThat(questions).isEmpty();
        }
    }

    @Nested
    class Gone {

        @Test
        void isAKbThatTheHostDoesNotReturn() {
            HostKbs host = hostWith("kb-1");
            assertThat(host.isGone("kb-1")).isFalse();
            assertThat(host.isGone("kb-2")).isTrue();
        }

        @Test
        void isNoKbOfAHostThatCannotTell() {
            assertThat(brokenHost(new IllegalStateException("the host is down")).isGone("kb-1"))
                    .isFalse();
        }

        private static final class Unprintable extends RuntimeException {

            @Override
            public String getMessage() {
                throw new IllegalStateException("cannot be printed");
            }
        }

        @Test
        void isNoKbWhenTheHostsErrorCannotBePrinted() {
            assertThat(brokenHost(new Unprintable()).isGone("kb-1")).isFalse();
            assertThat(log.messages(Level.WARN)).hasSize(1);
        }
    }

    @Nested
    class Claimed {

        @Test
        void isAKbThatTheHostReallyKnows() {
            HostKbs host = hostWith("kb-1");
            assertThat(host.claims("kb-1")).isTrue();
            assertThat(host.claims("kb-2")).isFalse();
            assertThat(questions).contains(List.of("kb-migrator/replica"));
        }

        @Test
        void isNoKbOfAHostThatAlsoClaimsAnInventedId() {
            assertThat(host(asked -> asked).claims("kb-1")).isFalse();
        }

        @Test
        void isNoKbOfAHostThatCannotTell() {
            assertThat(brokenHost(new IllegalStateException("the host is down")).claims("kb-1"))
                    .isFalse();
        }
    }
}
