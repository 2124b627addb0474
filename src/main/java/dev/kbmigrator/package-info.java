/** What a user of the library touches. */
@NullMarked
package dev.kbmigrator;

import org.jspecify.annotations.NullMarked;
