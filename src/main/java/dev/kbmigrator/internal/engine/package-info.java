/**
 * The engine. {@link dev.kbmigrator.internal.engine.Replica} looks at the shared state again and again; what it sees becomes
 * a {@link dev.kbmigrator.internal.engine.View}; from that, a {@link dev.kbmigrator.internal.engine.Coordinator} moves the
 * fleet from stage to stage, and {@link dev.kbmigrator.internal.engine.Worker}s take partitions and run the KBs in them.
 *
 * <p>Threads share little: a worker's partitions and its batch belong to its own thread; what crosses threads is the
 * {@link dev.kbmigrator.internal.engine.Board}, the {@link dev.kbmigrator.internal.engine.Slots}, a worker's inbox and the
 * state of a {@link dev.kbmigrator.internal.engine.Held} scope. No monitor is ever held across a call to the store, the lock
 * or the host.
 */
@NullMarked
package dev.kbmigrator.internal.engine;

import org.jspecify.annotations.NullMarked;
