/**
 * Leases over a <a href="https://github.com/lukas-krecan/ShedLock">ShedLock</a> provider, for a host that has one already.
 * Needs {@code net.javacrumbs.shedlock:shedlock-core} and the provider's artifact.
 */
@NullMarked
package dev.kbmigrator.shedlock;

import org.jspecify.annotations.NullMarked;
