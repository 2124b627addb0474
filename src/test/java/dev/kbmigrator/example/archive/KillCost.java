package dev.kbmigrator.example.archive;

import java.time.Duration;

/**
 * What it cost that a replica was killed.
 *
 * @param partsRunAgain how many KB parts had to run once more
 * @param firstAgain how long after the kill the first of them began again
 * @param lastAgain how long after the kill the last of them began again
 */
record KillCost(long partsRunAgain, Duration firstAgain, Duration lastAgain) {}
