/**
 * The library's user interface. Write {@linkplain dev.kbmigrator.Migration migrations}, build a {@link
 * dev.kbmigrator.Migrator}, and start it together with the service.
 *
 * <p>Only what a host's developer touches lives here. It uses the SPI, and only the migrator and its builder use the engine; it
 * never uses an adapter. All exception classes of the library extend {@link dev.kbmigrator.MigratorException}.
 */
@NullMarked
package dev.kbmigrator;

import org.jspecify.annotations.NullMarked;
