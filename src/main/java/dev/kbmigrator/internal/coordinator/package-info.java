/**
 * How one replica leads the fleet: stage by stage, with the global parts and the history. It uses {@code listing}, {@code execution},
 * {@code lease}, {@code look}, {@code config}, {@code state} and {@code support}. It never runs a KB part.
 */
@NullMarked
package dev.kbmigrator.internal.coordinator;

import org.jspecify.annotations.NullMarked;
