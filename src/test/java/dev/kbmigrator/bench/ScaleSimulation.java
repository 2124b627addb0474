package dev.kbmigrator.bench;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;

/**
 * A fleet played batch by batch, as a check of {@link ScaleModel}'s formula: queues at the store and at each replica, partitions
 * that belong to one worker until they are done, workers that take the next one when they have none.
 *
 * <p>A worker asks the store for a page and writes the batch before in one service; then the batch queues for its replica's
 * slots. The store serves as many at a time as it has cores, each for a time that is exponentially distributed, looks included;
 * what a batch waits for besides keeps no core busy. A replica's slots serve one batch after the other. A worker has two batches
 * under way, as the engine's have, and one of them at the store.
 */
final class ScaleSimulation {

    private static final int BATCHES_UNDER_WAY = 2;
    private static final double WORKERS_APART_SECONDS = 0.05;

    private final ScaleModel model;
    private final ScaleModel.ModelledFleet fleet;
    private final double startGap;
    private final Random random;
    private final PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparingDouble(Event::at));
    private final Queue<Job> waitingAtStore = new ArrayDeque<>();
    private int freeCores;
    private int partitionsLeft = ScaleModel.PARTITIONS;
    private int partitionsUndone = ScaleModel.PARTITIONS;
    private double now;

    private record Event(double at, Runnable what) {}

    private record Job(double seconds, Runnable then) {}

    /** Bodies of one replica: one batch after the other. */
    private static final class SlotPool {
        private double busyUntil;
    }

    /** The replicas start one after the other, with that gap. */
    ScaleSimulation(ScaleModel model, ScaleModel.ModelledFleet fleet, double startGap, long seed) {
        this.model = model;
        this.fleet = fleet;
        this.startGap = startGap;
        this.random = new Random(seed);
        this.freeCores = model.store().cores();
    }

    /** Plays it to the end; answers the seconds that it took. */
    double seconds() {
        for (int i = 0; i < fleet.replicas(); i++) {
            SlotPool pool = new SlotPool();
            double start = i * startGap;
            at(start + random.nextDouble() * ScaleModel.ACTIVE_LOOK_SECONDS, this::look);
            int workers = bodiesKeepTheSlotsBusy() ? 1 : model.replica().storeConcurrency();
            for (int worker = 0; worker < workers; worker++) {
                // The first one learns that the slots stand free; then the others start
                at(start + worker * WORKERS_APART_SECONDS, () -> new Worker(pool).take());
            }
        }
        while (partitionsUndone > 0) {
            Event next = events.remove();
            now = next.at();
            next.what().run();
        }
        return now;
    }

    /** With one worker: more than a quarter of the time, as the engine has it. */
    private boolean bodiesKeepTheSlotsBusy() {
        double running =
                ScaleModel.BATCH * fleet.bodySeconds() / model.replica().kbConcurrency();
        return running > (running + model.costs().batchSeconds()) / 4;
    }

    private void at(double when, Runnable what) {
        events.add(new Event(when, what));
    }

    private void look() {
        serve(model.secondsPerLook(fleet.replicas()), () -> at(now + ScaleModel.ACTIVE_LOOK_SECONDS, this::look));
    }

    private void serve(double meanSeconds, Runnable then) {
        waitingAtStore.add(new Job(-Math.log(1 - random.nextDouble()) * meanSeconds, then));
        startAtStore();
    }

    private void startAtStore() {
        while (freeCores > 0 && !waitingAtStore.isEmpty()) {
            Job job = waitingAtStore.remove();
            freeCores--;
            at(now + job.seconds(), () -> {
                freeCores++;
                job.then().run();
                startAtStore();
            });
        }
    }

    /** Holds one partition at a time. */
    private final class Worker {

        private final SlotPool pool;
        private int wanted;
        private boolean asking;
        private double toFetch;
        private double toFinish;

        Worker(SlotPool pool) {
            this.pool = pool;
        }

        void take() {
            if (partitionsLeft > 0) {
                partitionsLeft--;
                toFetch = (double) fleet.kbs() / ScaleModel.PARTITIONS;
                toFinish = toFetch;
                wanted = 0;
                serve(model.costs().serverSecondsPerPass(), () -> {
                    for (int i = 0; i < BATCHES_UNDER_WAY; i++) {
                        fetch();
                    }
                });
            }
        }

        private void fetch() {
            wanted++;
            ask();
        }

        /** Its thread has one question to the store at a time. */
        private void ask() {
            double batch = Math.min(toFetch, ScaleModel.BATCH);
            if (asking || wanted == 0 || batch <= 0) {
                return;
            }
            wanted--;
            toFetch -= batch;
            asking = true;
            double service = batch * model.costs().serverSecondsPerKb();
            double commit = Math.max(0, model.costs().batchSeconds() * batch / ScaleModel.BATCH - service);
            serve(
                    service,
                    () -> at(now + commit, () -> {
                        asking = false;
                        runBodies(batch);
                        ask();
                    }));
        }

        private void runBodies(double batch) {
            double seconds = batch
                    * (fleet.bodySeconds() / model.replica().kbConcurrency()
                            + model.costs().clientSecondsPerKb()
                                    / model.replica().cores());
            pool.busyUntil = Math.max(now, pool.busyUntil) + seconds;
            at(pool.busyUntil, () -> finished(batch));
        }

        private void finished(double batch) {
            toFinish -= batch;
            if (toFinish > 0.5) {
                fetch();
            } else {
                partitionsUndone--;
                take();
            }
        }
    }
}
