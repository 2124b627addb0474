/**
 * How a replica looks at the shared state, and when. It uses {@code config}, {@code state} and {@code support}. Nothing here changes
 * the shared state, except that a look announces the replica.
 */
@NullMarked
package dev.kbmigrator.internal.look;

import org.jspecify.annotations.NullMarked;
