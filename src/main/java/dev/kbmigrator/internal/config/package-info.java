/**
 * What a migrator was built with, in parts: identity and migrations, storage, the host's side, concurrency and timings. It uses
 * {@code state} for the migrations and {@code support} for the environment. Everything here is immutable, and nothing here acts.
 */
@NullMarked
package dev.kbmigrator.internal.config;

import org.jspecify.annotations.NullMarked;
