package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.KbRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** KB records: the failures and checkpoints of a KB, and when they disappear. */
interface KbRecordContract extends StoreFixture {

    @Test
    default void aFailureIsOnRecordWithWhenTheNextAttemptIsDue() {
        kbs().enroll(4, "kb");
        long before = kbs().look().storeMicros();
        kbs().done(kbs().failed("kb", 4, 5, 3, "it's \"broken\"\n\tat a.b.C😀", Duration.ofMinutes(90)));
        long after = kbs().look().storeMicros();
        KbRecord record = kbs().recorded("kb");
        assertThat(kbs().version("kb")).isEqualTo(4);
        assertThat(record.version()).isEqualTo(5);
        assertThat(record.failures()).isEqualTo(3);
        assertThat(record.error()).isEqualTo("it's \"broken\"\n\tat a.b.C😀");
        assertThat(record.failedMicros()).as("by the store's clock").isBetween(before, after);
        assertThat(record.dueMicros()).isEqualTo(record.failedMicros() + TimeUnit.MINUTES.toMicros(90));
        assertThat(record.setAside()).isFalse();
        assertThat(record.checkpointed()).isFalse();
        assertThat(record.checkpoint()).isNull();
    }

    @Test
    default void aFailureReplacesTheOneBefore() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 1, "first", Duration.ofHours(1)));
        kbs().done(kbs().failed("kb", 0, 1, 2, "second", Duration.ofHours(2)));
        assertThat(kbs().recorded("kb").failures()).isEqualTo(2);
        assertThat(kbs().recorded("kb").error()).isEqualTo("second");
    }

    @Test
    default void aFailureWithoutRetrySetsTheKbAsideUntilOneWithRetry() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 4, "hopeless", null));
        assertThat(kbs().recorded("kb").setAside()).isTrue();
        assertThat(kbs().recorded("kb").failures()).isEqualTo(4);
        assertThat(kbs().recorded("kb").error()).isEqualTo("hopeless");
        kbs().done(kbs().failed("kb", 0, 1, 0, "asked for by a person", Duration.ZERO));
        assertThat(kbs().recorded("kb").setAside()).isFalse();
        assertThat(kbs().recorded("kb").failures()).isZero();
    }

    @Test
    default void theLongestErrorsFit() {
        kbs().enroll(0, "kb");
        for (String error : List.of(
                "x".repeat(KbRecord.MAX_ERROR_CHARACTERS),
                "é".repeat(KbRecord.MAX_ERROR_CHARACTERS),
                "😀".repeat(KbRecord.MAX_ERROR_CHARACTERS / 2),
                "")) {
            kbs().done(kbs().failed("kb", 0, 1, 1, error, Duration.ofHours(1)));
            assertThat(kbs().recorded("kb").error()).isEqualTo(error);
        }
    }

    @Test
    default void aCheckpointIsOnRecordAndDoesNotCountAsAFailure() {
        kbs().enroll(4, "kb");
        kbs().done(kbs().checkpointed("kb", 4, 5, "{\"page\":17}"));
        assertThat(kbs().version("kb")).isEqualTo(4);
        assertThat(kbs().recorded("kb")).isEqualTo(new KbRecord(5, 0, null, 0, 0, false, true, "{\"page\":17}"));
    }

    @Test
    default void aCheckpointReplacesTheOneBefore() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"a long first one\""));
        kbs().done(kbs().checkpointed("kb", 0, 1, "2"));
        assertThat(kbs().recorded("kb").checkpoint()).isEqualTo("2");
    }

    @Test
    default void aCheckpointStaysOverAFailureOfTheSameVersion() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"here\""));
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ofHours(1)));
        assertThat(kbs().recorded("kb").checkpointed()).isTrue();
        assertThat(kbs().recorded("kb").checkpoint()).isEqualTo("\"here\"");
        kbs().done(kbs().failed("kb", 0, 1, 2, "boom again", null));
        assertThat(kbs().recorded("kb").checkpoint()).isEqualTo("\"here\"");
        assertThat(kbs().recorded("kb").failures()).isEqualTo(2);
    }

    @Test
    default void failuresStayOverACheckpointOfTheSameVersion() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 3, "boom", Duration.ofHours(1)));
        KbRecord failed = kbs().recorded("kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"here\""));
        assertThat(kbs().recorded("kb"))
                .isEqualTo(
                        new KbRecord(1, 3, "boom", failed.failedMicros(), failed.dueMicros(), false, true, "\"here\""));
        kbs().done(kbs().failed("kb", 0, 1, 4, "boom", null));
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"there\""));
        assertThat(kbs().recorded("kb").setAside()).isTrue();
        assertThat(kbs().recorded("kb").failures()).isEqualTo(4);
    }

    @Test
    default void whatIsOnRecordOfAnotherVersionGoes() {
        kbs().enroll(0, "failed", "saved");
        kbs().done(kbs().failed("failed", 0, 1, 3, "boom", null));
        kbs().done(kbs().checkpointed("failed", 0, 2, "2"));
        assertThat(kbs().recorded("failed")).isEqualTo(new KbRecord(2, 0, null, 0, 0, false, true, "2"));
        kbs().done(kbs().checkpointed("saved", 0, 1, "1"));
        kbs().done(kbs().failed("saved", 0, 2, 1, "boom", Duration.ofHours(1)));
        assertThat(kbs().recorded("saved").version()).isEqualTo(2);
        assertThat(kbs().recorded("saved").checkpointed()).isFalse();
        assertThat(kbs().recorded("saved").checkpoint()).isNull();
    }

    @Test
    default void whatIsOnRecordGoesWhenTheVersionMoves() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        kbs().advance("kb", 0, 1);
        assertThat(kbs().recordOf("kb")).isNull();
        assertThat(kbs().look().recordCounts()).isEmpty();
        kbs().done(kbs().failed("kb", 1, 2, 1, "boom", Duration.ofHours(1)));
        assertThat(kbs().recorded("kb").checkpointed())
                .as("the checkpoint of version 1 is still there")
                .isFalse();
    }

    @Test
    default void aStaleWriteLeavesWhatIsOnRecord() {
        kbs().enroll(3, "kb");
        kbs().done(kbs().failed("kb", 3, 4, 2, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 3, 4, "\"here\""));
        KbRecord before = kbs().recorded("kb");
        kbs().write(kbs().advanced("kb", 2, 3));
        kbs().write(kbs().failed("kb", 2, 3, 9, "late", null));
        kbs().write(kbs().checkpointed("kb", 2, 3, "\"late\""));
        assertThat(kbs().recorded("kb")).isEqualTo(before);
    }

    @Test
    default void theLargestCheckpointsFit() {
        kbs().enroll(0, "kb");
        int inner = KbRecord.MAX_CHECKPOINT_BYTES - 2;
        for (String text :
                List.of("x".repeat(inner), "é".repeat(inner / 2), "日".repeat(inner / 3), "😀".repeat(inner / 4))) {
            String checkpoint = "\"" + text + "\"";
            assertThat(checkpoint.getBytes(StandardCharsets.UTF_8).length)
                    .isBetween(KbRecord.MAX_CHECKPOINT_BYTES - 3, KbRecord.MAX_CHECKPOINT_BYTES);
            kbs().done(kbs().checkpointed("kb", 0, 1, checkpoint));
            assertThat(kbs().recorded("kb").checkpoint()).isEqualTo(checkpoint);
        }
    }

    @Test
    default void aCheckpointComesBackToTheLetter() {
        kbs().enroll(0, "kb");
        for (String checkpoint : List.of(
                "null",
                "0",
                "\"\"",
                "{\"b\":1,\"a\":[1.50,\"it's\"]}",
                "\"\\u0000\\n\\\\ 50% _ ? ${x}\"",
                "\"e\u0301é\"")) {
            kbs().done(kbs().checkpointed("kb", 0, 1, checkpoint));
            assertThat(kbs().recorded("kb").checkpoint()).isEqualTo(checkpoint);
        }
    }
}
