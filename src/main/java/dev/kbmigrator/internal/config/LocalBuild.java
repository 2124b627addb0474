package dev.kbmigrator.internal.config;

import dev.kbmigrator.internal.state.MigrationCatalog;

/**
 * What this replica knows by itself, without looking at the shared state.
 *
 * @param identity who it is
 * @param catalog the migrations of its build
 * @param baseline the version at which its build adopts a fleet that has no state yet
 */
public record LocalBuild(Identity identity, MigrationCatalog catalog, long baseline) {}
