/** Which implementations of the SPIs pass which tests of the contracts, from the reports of the test run. */
@NullMarked
package dev.kbmigrator.compatibility;

import org.jspecify.annotations.NullMarked;
