package dev.kbmigrator.processes;

/** What is done to a fleet, and how often among so many faults. */
enum Fault {
    /** A process dies, and another, with a newer release, is started; some die two or three at once. */
    SIGKILL(6, 200),
    /** The server commits, and the replica never hears of it. */
    DROPPED_COMMIT_ANSWER(11, 200),
    /** A statement is done, and its answer is lost. */
    DROPPED_ANSWER(1, 20),
    /** A process stands still for longer than its leases live, then goes on. */
    SIGSTOP(1, 20),
    /** The server ends sessions. */
    TERMINATED_SESSIONS(1, 20),
    /** The server stops at once, and starts again. */
    SERVER_CRASH(1, 20),
    /** The network is slow. */
    LATENCY(1, 20),
    /** What a replica sends vanishes. */
    BLACK_HOLE_TO_SERVER(1, 20),
    /** What the server answers vanishes. */
    BLACK_HOLE_TO_REPLICA(1, 20),
    /** All of a replica's connections are reset. */
    RESET(1, 20),
    /** The host takes all connections of a replica's pool. */
    POOL_EXHAUSTED(1, 20),
    /** The host's list lacks KBs that exist, for a while. */
    HOST_LIST_SHRUNK(1, 20),
    /** Nobody can write, for a while. */
    READ_ONLY(1, 20),
    /** Whatever the library inserts or updates is answered as by a server whose disk is full: a trigger says so. */
    FULL_STORE(1, 20);

    /** How often it is inflicted in one round of faults; a kill may count for more than one. */
    final int aRound;

    /** How many of it a long run has to make. */
    final int leastInLongRun;

    Fault(int aRound, int leastInLongRun) {
        this.aRound = aRound;
        this.leastInLongRun = leastInLongRun;
    }
}
