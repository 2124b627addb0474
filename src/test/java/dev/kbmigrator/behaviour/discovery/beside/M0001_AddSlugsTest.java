package dev.kbmigrator.behaviour.discovery.beside;

/** Named as build tools want the test of the migration beside it. */
class M0001_AddSlugsTest {}
