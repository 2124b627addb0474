/**
 * An example host: an archive whose knowledge boxes are the artifact directories of the local Maven repository.
 * {@link dev.kbmigrator.example.archive.ArchiveMain} is where to start reading.
 */
@NullMarked
package dev.kbmigrator.example.archive;

import org.jspecify.annotations.NullMarked;
