/**
 * Leases in <a href="https://zookeeper.apache.org">ZooKeeper</a>, over the host's Curator client. It needs
 * {@code org.apache.curator:curator-framework}, and uses the SPI besides. It never closes the client, and never keeps anything in
 * the state store.
 */
@NullMarked
package dev.kbmigrator.zookeeper;

import org.jspecify.annotations.NullMarked;
