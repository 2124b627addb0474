package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.KbRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** KB records: the failures and checkpoints of a KB, and when they disappear. */
@Checks(Rule.RECORDS)
interface KbRecordContract extends StoreFixture {

    @Test
    default void aFailureIsOnRecordWithWhenTheNextAttemptIsDue() {
        kbs().enroll(4, "kb");
        long before = kbs().look().storeMicros();
        kbs().done(kbs().failed("kb", 4, 5, 3, "it's \"broken\"\n\tat a.b.C😀", Duration.ofMinutes(90)));
        long after = kbs().look().storeMicros();
        KbRecord record = kbs().recorded("kb");
        assertThat(kbs().version("kb")).as("the version after a failure").isEqualTo(4);
        assertThat(record.version()).as("the version that failed").isEqualTo(5);
        assertThat(record.failures()).as("the number of failures").isEqualTo(3);
        assertThat(record.error()).as("the text of the failure").isEqualTo("it's \"broken\"\n\tat a.b.C😀");
        assertThat(record.failedMicros()).as("by the store's clock").isBetween(before, after);
        assertThat(record.dueMicros())
                .as("when the next attempt is due: after 90 minutes by the store's clock")
                .isEqualTo(record.failedMicros() + TimeUnit.MINUTES.toMicros(90));
        assertThat(record.setAside())
                .as("whether a KB with a retry time is set aside")
                .isFalse();
        assertThat(record.checkpointed())
                .as("whether there is a checkpoint after a failure alone")
                .isFalse();
        assertThat(record.checkpoint())
                .as("the checkpoint after a failure alone")
                .isNull();
    }

    @Test
    default void aFailureReplacesTheOneBefore() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 1, "first", Duration.ofHours(1)));
        kbs().done(kbs().failed("kb", 0, 1, 2, "second", Duration.ofHours(2)));
        assertThat(kbs().recorded("kb").failures())
                .as("the number of failures after the second")
                .isEqualTo(2);
        assertThat(kbs().recorded("kb").error())
                .as("the error after the second failure")
                .isEqualTo("second");
    }

    @Test
    default void aFailureWithoutRetrySetsTheKbAsideUntilOneWithRetry() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 4, "hopeless", null));
        assertThat(kbs().recorded("kb").setAside())
                .as("whether a KB without a retry time is set aside")
                .isTrue();
        assertThat(kbs().recorded("kb").failures())
                .as("the number of failures of a KB that is set aside")
                .isEqualTo(4);
        assertThat(kbs().recorded("kb").error())
                .as("the error of a KB that is set aside")
                .isEqualTo("hopeless");
        kbs().done(kbs().failed("kb", 0, 1, 0, "asked for by a person", Duration.ZERO));
        assertThat(kbs().recorded("kb").setAside())
                .as("whether a KB is set aside after a failure with a retry time")
                .isFalse();
        assertThat(kbs().recorded("kb").failures())
                .as("the number of failures as last written")
                .isZero();
    }

    @Test
    @Checks(Rule.TEXTS)
    default void theLongestErrorsFit() {
        kbs().enroll(0, "kb");
        for (String error : List.of(
                "x".repeat(KbRecord.MAX_ERROR_CHARACTERS),
                "é".repeat(KbRecord.MAX_ERROR_CHARACTERS),
                "😀".repeat(KbRecord.MAX_ERROR_CHARACTERS / 2),
                "")) {
            kbs().done(kbs().failed("kb", 0, 1, 1, error, Duration.ofHours(1)));
            assertThat(kbs().recorded("kb").error())
                    .as("the error, as long as it may be")
                    .isEqualTo(error);
        }
    }

    @Test
    default void aCheckpointIsOnRecordAndDoesNotCountAsAFailure() {
        kbs().enroll(4, "kb");
        kbs().done(kbs().checkpointed("kb", 4, 5, "{\"page\":17}"));
        assertThat(kbs().version("kb")).as("the version after a checkpoint").isEqualTo(4);
        assertThat(kbs().recorded("kb"))
                .as("the record after a checkpoint")
                .isEqualTo(new KbRecord(5, 0, null, 0, 0, false, true, "{\"page\":17}"));
    }

    @Test
    default void aCheckpointReplacesTheOneBefore() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"a long first one\""));
        kbs().done(kbs().checkpointed("kb", 0, 1, "2"));
        assertThat(kbs().recorded("kb").checkpoint())
                .as("the checkpoint that was written last")
                .isEqualTo("2");
    }

    @Test
    default void aCheckpointStaysOverAFailureOfTheSameVersion() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"here\""));
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ofHours(1)));
        assertThat(kbs().recorded("kb").checkpointed())
                .as("whether the checkpoint is there after a failure of the same version")
                .isTrue();
        assertThat(kbs().recorded("kb").checkpoint())
                .as("the checkpoint after a failure of the same version")
                .isEqualTo("\"here\"");
        kbs().done(kbs().failed("kb", 0, 1, 2, "boom again", null));
        assertThat(kbs().recorded("kb").checkpoint())
                .as("the checkpoint after a KB was set aside")
                .isEqualTo("\"here\"");
        assertThat(kbs().recorded("kb").failures())
                .as("the number of failures after a KB with a checkpoint was set aside")
                .isEqualTo(2);
    }

    @Test
    default void failuresStayOverACheckpointOfTheSameVersion() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 3, "boom", Duration.ofHours(1)));
        KbRecord failed = kbs().recorded("kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"here\""));
        assertThat(kbs().recorded("kb"))
                .as("the failure, and the checkpoint that was saved after it")
                .isEqualTo(
                        new KbRecord(1, 3, "boom", failed.failedMicros(), failed.dueMicros(), false, true, "\"here\""));
        kbs().done(kbs().failed("kb", 0, 1, 4, "boom", null));
        kbs().done(kbs().checkpointed("kb", 0, 1, "\"there\""));
        assertThat(kbs().recorded("kb").setAside())
                .as("whether a KB stays set aside when it saves a checkpoint")
                .isTrue();
        assertThat(kbs().recorded("kb").failures())
                .as("the number of failures after a checkpoint")
                .isEqualTo(4);
    }

    @Test
    default void whatIsOnRecordOfAnotherVersionGoes() {
        kbs().enroll(0, "failed", "saved");
        kbs().done(kbs().failed("failed", 0, 1, 3, "boom", null));
        kbs().done(kbs().checkpointed("failed", 0, 2, "2"));
        assertThat(kbs().recorded("failed"))
                .as("the record after a checkpoint of another version than the failure")
                .isEqualTo(new KbRecord(2, 0, null, 0, 0, false, true, "2"));
        kbs().done(kbs().checkpointed("saved", 0, 1, "1"));
        kbs().done(kbs().failed("saved", 0, 2, 1, "boom", Duration.ofHours(1)));
        assertThat(kbs().recorded("saved").version())
                .as("the version of the record after a failure of another version than the checkpoint")
                .isEqualTo(2);
        assertThat(kbs().recorded("saved").checkpointed())
                .as("whether there is a checkpoint after a failure of another version")
                .isFalse();
        assertThat(kbs().recorded("saved").checkpoint())
                .as("the checkpoint after a failure of another version")
                .isNull();
    }

    @Test
    default void whatIsOnRecordGoesWhenTheVersionMoves() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        kbs().advance("kb", 0, 1);
        assertThat(kbs().recordOf("kb")).as("the record of a KB that advanced").isNull();
        assertThat(kbs().look().recordCounts())
                .as("the counts of records after the only KB with one advanced")
                .isEmpty();
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
        assertThat(kbs().recorded("kb"))
                .as("the record after writes from another version")
                .isEqualTo(before);
    }

    @Test
    @Checks(Rule.TEXTS)
    default void theLargestCheckpointsFit() {
        kbs().enroll(0, "kb");
        int inner = KbRecord.MAX_CHECKPOINT_BYTES - 2;
        for (String text :
                List.of("x".repeat(inner), "é".repeat(inner / 2), "日".repeat(inner / 3), "😀".repeat(inner / 4))) {
            String checkpoint = "\"" + text + "\"";
            assertThat(checkpoint.getBytes(StandardCharsets.UTF_8).length)
                    .as("the size of the checkpoint, a precondition of this test")
                    .isBetween(KbRecord.MAX_CHECKPOINT_BYTES - 3, KbRecord.MAX_CHECKPOINT_BYTES);
            kbs().done(kbs().checkpointed("kb", 0, 1, checkpoint));
            assertThat(kbs().recorded("kb").checkpoint())
                    .as("a checkpoint of the largest size")
                    .isEqualTo(checkpoint);
        }
    }

    @Test
    @Checks(Rule.TEXTS)
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
            assertThat(kbs().recorded("kb").checkpoint())
                    .as("the checkpoint, to the letter")
                    .isEqualTo(checkpoint);
        }
    }
}
