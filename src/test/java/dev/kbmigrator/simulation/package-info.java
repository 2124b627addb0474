/**
 * Fleets of the real engine, simulated: every thread, every wait and every call to the outside is a step of one seeded
 * scheduler in virtual time. What is committed is held against a model of its own; bugs are planted to see that it would
 * notice.
 */
package dev.kbmigrator.simulation;
