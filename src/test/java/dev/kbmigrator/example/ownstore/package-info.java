/** An example: a {@link dev.kbmigrator.spi.StateStore} over a host's own table, which keeps each version in the host's own record. */
@NullMarked
package dev.kbmigrator.example.ownstore;

import org.jspecify.annotations.NullMarked;
