/**
 * What a migrator does for its host: starting, running, closing, registering KBs, requests for one KB, and reports. It puts the other
 * rooms together and may use all of them; none of them may use it. The loop of a replica lives here.
 */
@NullMarked
package dev.kbmigrator.internal.engine;

import org.jspecify.annotations.NullMarked;
