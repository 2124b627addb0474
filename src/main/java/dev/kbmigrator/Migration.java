package dev.kbmigrator;

/** One versioned change. */
public interface Migration {}
