/** Contract tests and helpers for those who implement the library's SPIs or write migrations. */
@NullMarked
package dev.kbmigrator.testkit;

import org.jspecify.annotations.NullMarked;
