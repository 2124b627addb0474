/** The archive's migrations, found by the package scan. */
@NullMarked
package dev.kbmigrator.example.archive.migrations;

import org.jspecify.annotations.NullMarked;
