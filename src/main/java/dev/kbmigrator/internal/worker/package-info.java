/**
 * How KBs are brought up: a worker takes partitions from the queue, runs the KBs in them version by version, writes completions in
 * batches, raises floors and serves requests. It uses {@code listing}, {@code execution}, {@code lease}, {@code look}, {@code config},
 * {@code state} and {@code support}. It never changes the fleet's state, and never runs a global part.
 */
@NullMarked
package dev.kbmigrator.internal.worker;

import org.jspecify.annotations.NullMarked;
