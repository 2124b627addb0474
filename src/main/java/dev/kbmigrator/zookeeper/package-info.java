/**
 * Leases in <a href="https://zookeeper.apache.org">ZooKeeper</a>, over the host's Curator client. Needs
 * {@code org.apache.curator:curator-framework}.
 */
@NullMarked
package dev.kbmigrator.zookeeper;

import org.jspecify.annotations.NullMarked;
