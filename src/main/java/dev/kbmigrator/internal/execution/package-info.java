/**
 * How parts of migrations run: one attempt, the pool of threads, interrupts, time limits and cancellation. It uses {@code lease},
 * {@code look}, {@code config}, {@code state} and {@code support}. It knows neither KBs' versions nor batches: what came of an
 * execution is for its owner to record.
 */
@NullMarked
package dev.kbmigrator.internal.execution;

import org.jspecify.annotations.NullMarked;
