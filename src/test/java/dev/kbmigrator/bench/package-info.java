/** The benchmark: kb-migrator beside its peers and the floor, in the same run. */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.bench;
