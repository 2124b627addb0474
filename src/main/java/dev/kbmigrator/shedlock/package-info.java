/**
 * Leases over a <a href="https://github.com/lukas-krecan/ShedLock">ShedLock</a> provider, for a host that has one already. It
 * needs {@code net.javacrumbs.shedlock:shedlock-core} and the provider's artifact, and uses the SPI besides. It never keeps
 * anything in the state store.
 */
@NullMarked
package dev.kbmigrator.shedlock;

import org.jspecify.annotations.NullMarked;
