package dev.kbmigrator.behaviour.discovery.empty;

/** A package without a migration. */
public final class Nothing {}
