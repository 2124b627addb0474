package dev.kbmigrator.fleet;

/** What is done to a fleet, and how often among so many faults. */
enum Fault {
    /** One or two processes die, and others, with newer releases, are started. */
    SIGKILL(8),
    /** The server commits, and the replica never hears of it. */
    DROPPED_COMMIT_ANSWER(13),
    /** A statement is done, and its answer is lost. */
    DROPPED_ANSWER(1),
    /** A process stands still for longer than its leases live, then goes on. */
    SIGSTOP(1),
    /** The server ends sessions. */
    TERMINATED_SESSIONS(1),
    /** The server stops at once, and starts again. */
    SERVER_CRASH(1),
    /** The network is slow. */
    LATENCY(1),
    /** What a replica sends vanishes. */
    BLACK_HOLE_TO_SERVER(1),
    /** What the server answers vanishes. */
    BLACK_HOLE_TO_REPLICA(1),
    /** All of a replica's connections are reset. */
    RESET(1),
    /** The host takes all connections of a replica's pool. */
    POOL_EXHAUSTED(1),
    /** The host's list lacks KBs that exist, for a while. */
    HOST_LIST_SHRUNK(1),
    /** Nobody can write, for a while. */
    READ_ONLY(1);

    /** How many there are in one round of faults. */
    final int aRound;

    Fault(int aRound) {
        this.aRound = aRound;
    }
}
