package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.config.Concurrency;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Of a replica that runs one KB at a time and has four writers, unless a test says otherwise. */
class TakeSizingTest {

    private static final int WRITERS = 4;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private TakeSizing sizing = new TakeSizing(new Concurrency(1, WRITERS));

    /** How many partitions the only worker of the only replica takes of so many. */
    private int takeOf(int available) {
        return sizing.nextTake(available, 1, 1);
    }

    @Nested
    class HowMuchIsTaken {

        @Test
        void theFirstTakeIsSmallAndTheNextAreTwiceAsLarge() {
            assertThat(takeOf(256)).isEqualTo(8);
            assertThat(takeOf(248)).isEqualTo(16);
            assertThat(takeOf(232)).isEqualTo(32);
        }

        @Test
        void nobodyTakesMoreThanHalfOfAnEqualShare() {
            assertThat(takeOf(8)).isEqualTo(4);
            assertThat(takeOf(4)).isEqualTo(2);
            assertThat(takeOf(2)).isEqualTo(1);
            assertThat(takeOf(1)).as("at least one").isEqualTo(1);
        }

        @Test
        void everyReplicaAndEveryWorkerGetsAShare() {
            assertThat(sizing.nextTake(16, 1, 2)).isEqualTo(4);
            assertThat(sizing.nextTake(16, 2, 1)).isEqualTo(4);
            assertThat(sizing.nextTake(16, 2, 2)).isEqualTo(2);
        }

        @Test
        void withNoReplicaOrWorkerKnownThereIsOne() {
            assertThat(sizing.nextTake(16, 0, 0)).isEqualTo(8);
        }

        @Test
        void nobodyTakesMoreKbsThanAFewThousand() {
            sizing.learnDensity(1, 16_384 / 3);
            assertThat(takeOf(256)).isEqualTo(3);
        }

        @Test
        void nobodyTakesMoreThanCanBeDoneInASecond() {
            sizing.learnDensity(2, 200);
            sizing.learnRate(1_000, 2 * SECOND, 0, 1);
            assertThat(takeOf(256)).isEqualTo(5);
        }

        @Test
        void aThousandKbsAreTakenEvenWhenThatIsMoreThanAShare() {
            sizing.learnDensity(1, 256);
            assertThat(takeOf(6)).isEqualTo(4);
        }
    }

    @Nested
    class WhatIsLearnt {

        @Test
        void anEarlierRateCountsForHalf() {
            sizing.learnDensity(1, 100);
            sizing.learnRate(700, SECOND, 0, 1);
            sizing.learnRate(100, SECOND, 0, 1);
            assertThat(takeOf(256)).isEqualTo(4);
        }

        @Test
        void anEarlierDensityCountsForHalf() {
            sizing.learnDensity(1, 8);
            sizing.learnRate(1, 2, 0, 1);
            assertThat(sizing.wantedWorkers(256)).isEqualTo(2);
            sizing.learnDensity(1, 16);
            assertThat(sizing.wantedWorkers(256)).isEqualTo(3);
        }

        @Test
        void aDensityIsNeverNothing() {
            sizing.learnDensity(100, 1);
            sizing.learnRate(1, 2, 0, 1);
            assertThat(sizing.wantedWorkers(10_240)).isEqualTo(1);
            assertThat(sizing.wantedWorkers(10_241)).isEqualTo(2);
        }
    }

    @Nested
    class HowManyWorkersAreWanted {

        @Test
        void oneUntilItIsKnownThatSeveralCanDoMore() {
            assertThat(sizing.wantedWorkers(0)).isZero();
            sizing.learnRate(1, 2, 0, 1);
            assertThat(sizing.wantedWorkers(256))
                    .as("how much there is to do is not known")
                    .isEqualTo(1);
            sizing.learnDensity(1, 4);
            assertThat(sizing.wantedWorkers(256)).as("one worker can do it").isEqualTo(1);
            sizing.learnDensity(1, 1_000_000);
            assertThat(sizing.wantedWorkers(256)).isEqualTo(WRITERS);
            sizing.learnRate(1, 2, 1, 1);
            assertThat(sizing.wantedWorkers(256))
                    .as("the thread is in use for half of the time")
                    .isEqualTo(1);
            assertThat(sizing.wantedWorkers(0)).isZero();
        }

        @Test
        void withOneWriterASecondWorkerReadsMeanwhile() {
            sizing = new TakeSizing(new Concurrency(1, 1));
            sizing.learnDensity(1, 1_000_000);
            assertThat(sizing.wantedWorkers(256)).as("not known to be of use").isEqualTo(1);
            sizing.learnRate(1, 2, 0, 1);
            assertThat(sizing.wantedWorkers(256)).isEqualTo(2);
        }
    }

    @Nested
    class WhetherTheStoreIsWhatLimits {

        private boolean isStoreBoundAt(long ran, long outOf, int workers) {
            sizing.learnRate(1, outOf, ran, workers);
            return sizing.isStoreBound();
        }

        @Test
        void itIsNotUntilThreeQuartersOfTheThreadsAreFree() {
            assertThat(sizing.isStoreBound()).as("nothing is known").isFalse();
            assertThat(isStoreBoundAt(1, 5, 1)).isTrue();
            assertThat(isStoreBoundAt(1, 4, 1))
                    .as("exactly a quarter is in use")
                    .isFalse();
        }

        @Test
        void allWorkersUseTheThreadsTogether() {
            assertThat(isStoreBoundAt(1, 6, 2)).as("a third of the time").isFalse();
            assertThat(isStoreBoundAt(1, 9, 2)).as("less than a quarter").isTrue();
            assertThat(isStoreBoundAt(1, 3, 0))
                    .as("there is one worker at least")
                    .isFalse();
        }

        @Test
        void theMoreThreadsThereAreTheMoreOfThemAreFree() {
            sizing = new TakeSizing(new Concurrency(4, WRITERS));
            assertThat(isStoreBoundAt(1, 3, 2))
                    .as("a sixth of the threads is in use")
                    .isTrue();
        }
    }
}
