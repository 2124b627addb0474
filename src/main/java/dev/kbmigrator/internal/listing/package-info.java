/**
 * How the host's list of KBs and the state store are brought into line, and when. It uses {@code look}, {@code config}, {@code state}
 * and {@code support}, and is the only room that calls {@link dev.kbmigrator.KnowledgeBoxes}. It runs no migrations.
 */
@NullMarked
package dev.kbmigrator.internal.listing;

import org.jspecify.annotations.NullMarked;
