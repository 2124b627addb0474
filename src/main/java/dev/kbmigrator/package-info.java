/**
 * What a user of the library touches: write {@link dev.kbmigrator.Migration migrations}, build a
 * {@link dev.kbmigrator.Migrator}, start it with the service.
 */
@NullMarked
package dev.kbmigrator;

import org.jspecify.annotations.NullMarked;
