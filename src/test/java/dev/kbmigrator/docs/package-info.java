/**
 * The documents held to the code: {@code DocsTest} to the Java that is compiled here, word for word, and {@code LogTableTest} to
 * what the library logs.
 */
@NullMarked
package dev.kbmigrator.docs;

import org.jspecify.annotations.NullMarked;
