/**
 * What every other room builds on: the environment (time, threads, randomness), retries, and how ids, errors and JSON are handled.
 * It uses only the public API and the SPI. Nothing here knows what a fleet, a plan or a lease is.
 */
@NullMarked
package dev.kbmigrator.internal.support;

import org.jspecify.annotations.NullMarked;
