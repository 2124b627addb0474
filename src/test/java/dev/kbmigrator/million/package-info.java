/** A million KBs, migrated by a JVM with a heap of 64 MB. */
@org.jspecify.annotations.NullMarked
package dev.kbmigrator.million;
