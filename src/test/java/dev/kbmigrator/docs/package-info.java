/** The Java of the documents, compiled. {@code DocsTest} holds the documents to it, word for word. */
@NullMarked
package dev.kbmigrator.docs;

import org.jspecify.annotations.NullMarked;
