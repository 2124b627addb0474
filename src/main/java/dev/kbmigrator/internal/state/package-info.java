/**
 * What the fleet's documents and one look mean: the fleet's state, the plan and how it compares with this build, requests, records
 * and full rollouts. It uses {@code support}, the public API and the SPI. Nothing here acts: all of it is pure, except
 * {@link dev.kbmigrator.internal.state.DocumentUpdate}, through which documents are read and changed.
 */
@NullMarked
package dev.kbmigrator.internal.state;

import org.jspecify.annotations.NullMarked;
