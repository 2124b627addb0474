package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.kbmigrator.CheckpointException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CheckpointJsonTest {

    /** Has no constructor that Jackson could use. */
    public static final class NoCreator {

        private final long done;

        public NoCreator(long done) {
            this.done = done;
        }

        public long getDone() {
            return done;
        }
    }

    /** Its creator asks for something that is never written. */
    public static final class WrongCreator {

        private final int page;

        @JsonCreator
        public WrongCreator(@JsonProperty(value = "pages", required = true) int page) {
            this.page = page;
        }

        public int getPage() {
            return page;
        }
    }

    /** Its creator refuses what its getter shows. */
    public record Picky(int page) {

        public Picky {
            if (page == 13) {
                throw new IllegalArgumentException("not 13");
            }
        }

        @JsonProperty("page")
        public int shown() {
            return 13;
        }
    }

    /** A value of two other types. */
    public record Pair<A, B>(A first, B second) {}

    record Unopened(Map<String, List<Integer>> pages) {}

    /** Counts how often it is read. */
    public static final class Counted {

        private static final AtomicInteger READ = new AtomicInteger();

        public Counted() {
            READ.incrementAndGet();
        }

        public int getPage() {
            return 1;
        }

        public void setPage(int page) {}
    }

    private static final BigInteger LONG_NUMBER = new BigInteger("9".repeat(2_001));

    private static String write(Object checkpoint) {
        return CheckpointJson.write(checkpoint, "0001_one of KB kb");
    }

    static List<Object> unreadable() {
        return List.of(
                new NoCreator(1),
                new WrongCreator(1),
                new Picky(1),
                new Pair<>(1, Map.of("a", new BigInteger("-" + "1".repeat(2_001)))),
                LONG_NUMBER,
                List.of(LONG_NUMBER),
                Map.of("x".repeat(60_000), 1),
                new NoCreator[] {new NoCreator(1)},
                new Object() {
                    // Jackson writes it; nobody calls it
                    @SuppressWarnings({"unused", "EffectivelyPrivate"})
                    public int getPage() {
                        return 1;
                    }
                });
    }

    @ParameterizedTest
    @MethodSource("unreadable")
    void whatNoAttemptCouldReadIsRefusedWithJacksonsMessage(Object checkpoint) {
        for (int i = 0; i < 2; i++) {
            CheckpointException error = catchThrowableOfType(CheckpointException.class, () -> write(checkpoint));
            assertThat(error)
                    .hasMessageContaining("0001_one of KB kb")
                    .hasMessageContaining(checkpoint.getClass().getName())
                    .hasMessageContaining("was not saved");
            assertThat(error.getMessage())
                    .endsWith(Objects.requireNonNull(error.getCause()).getMessage());
        }
    }

    @Test
    void aLongNumberIsRefusedAlthoughAShortOneOfItsClassWasRead() {
        assertThat(write(BigInteger.ONE)).isEqualTo("1");
        assertThatThrownBy(() -> write(LONG_NUMBER)).isInstanceOf(CheckpointException.class);
        assertThat(write(new Pair<>("a", 1))).contains("\"a\"");
        assertThatThrownBy(() -> write(new Pair<>("a", LONG_NUMBER))).isInstanceOf(CheckpointException.class);
    }

    @Test
    void whatCannotBeWrittenIsRefusedWithJacksonsMessage() {
        for (Object checkpoint : List.of(Instant.EPOCH, new Object())) {
            CheckpointException error = catchThrowableOfType(CheckpointException.class, () -> write(checkpoint));
            assertThat(error).hasMessageContaining("cannot be written as JSON");
            assertThat(error.getMessage())
                    .endsWith(Objects.requireNonNull(error.getCause()).getMessage());
        }
        assertThatThrownBy(() -> write(Instant.EPOCH)).hasMessageContaining("jsr310");
    }

    static List<Object> readable() {
        Map<String, Integer> none = new HashMap<>();
        none.put("nothing", null);
        return List.of(
                "text",
                'c',
                1,
                2L,
                Double.NaN,
                new int[] {1, 2},
                new byte[] {1, 2},
                new BigInteger("9".repeat(999)),
                Map.of(),
                Map.of("a", 1),
                Map.of("a", 1, "b", List.of(2)),
                none,
                new TreeMap<>(Map.of(1, 2)),
                new EnumMap<>(Map.of(TimeUnit.DAYS, 1)),
                ImmutableMap.of("a", 1),
                List.of(),
                List.of(1),
                List.of(1, 2, 3),
                Set.of("a"),
                Arrays.asList(1, 2),
                new ArrayList<>(List.of("a")),
                Collections.unmodifiableList(List.of(1)),
                Collections.nCopies(3, 1),
                ImmutableList.of(1, 2),
                ImmutableMap.of("a", 1).keySet(),
                new Pair<>("a", Map.of("b", 1)),
                new Unopened(Map.of("a", List.of(1))),
                TimeUnit.DAYS,
                Path.of("a", "b"),
                StandardCharsets.UTF_8,
                TimeZone.getTimeZone("UTC"));
    }

    @ParameterizedTest
    @MethodSource("readable")
    void whatCanBeReadIsNotRefused(Object checkpoint) {
        assertThat(write(checkpoint)).isNotEmpty();
    }

    @Test
    void aClassIsReadBackOnce() {
        Counted.READ.set(0);
        Counted checkpoint = new Counted();
        int before = Counted.READ.get();
        for (int i = 0; i < 5; i++) {
            write(checkpoint);
        }
        assertThat(Counted.READ.get() - before).isEqualTo(1);
    }

    @Test
    void whatDoesNotFitTheTypeIsReportedWithJacksonsMessage() {
        CheckpointException error = Objects.requireNonNull(catchThrowableOfType(
                CheckpointException.class, () -> CheckpointJson.read("{\"a\":1}", Integer.class, "x")));
        assertThat(error).hasMessageContaining("cannot be read as java.lang.Integer");
        assertThat(error.getMessage())
                .endsWith(Objects.requireNonNull(error.getCause()).getMessage());
    }
}
