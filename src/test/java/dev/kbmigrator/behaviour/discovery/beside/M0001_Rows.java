package dev.kbmigrator.behaviour.discovery.beside;

/** Of the same version as the migration, but no migration. */
class M0001_Rows {}
