/**
 * The library's user interface. Write {@linkplain dev.kbmigrator.Migration migrations}, build a {@link
 * dev.kbmigrator.Migrator}, and start it together with the service.
 *
 * <p>All exception classes of the library extend {@link dev.kbmigrator.MigratorException}.
 */
@NullMarked
package dev.kbmigrator;

import org.jspecify.annotations.NullMarked;
