/** What the build has packed: the jars, and what somebody outside can do with nothing else. */
@NullMarked
package dev.kbmigrator.packaging;

import org.jspecify.annotations.NullMarked;
