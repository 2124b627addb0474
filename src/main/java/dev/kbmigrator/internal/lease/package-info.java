/**
 * How scopes are acquired, renewed, lost and released. It uses the lock, the state store (to open epochs) and {@code support}. It
 * never knows what runs under a scope: the owner is told of a loss by a callback.
 */
@NullMarked
package dev.kbmigrator.internal.lease;

import org.jspecify.annotations.NullMarked;
