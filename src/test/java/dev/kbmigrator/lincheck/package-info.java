/** What the Lincheck tests share: how a part is checked, and how its synchronisation is broken to see that it would be found. */
@NullMarked
package dev.kbmigrator.lincheck;

import org.jspecify.annotations.NullMarked;
