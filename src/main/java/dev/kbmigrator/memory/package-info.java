/** The reference implementations: in memory, for tests, demonstrations, and reading. */
@NullMarked
package dev.kbmigrator.memory;

import org.jspecify.annotations.NullMarked;
