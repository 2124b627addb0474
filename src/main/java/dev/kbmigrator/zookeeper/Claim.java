package dev.kbmigrator.zookeeper;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** One attempt to hold a name; its nonce is the name of a node that no other attempt ever has. */
record Claim(String name, String nonce) {

    static Claim of(String name) {
        return new Claim(name, UUID.randomUUID().toString());
    }

    /** Returns the name as one element of a path: a name may contain slashes, and a path no element "." or "..". */
    String lockNode() {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace(".", "%2E");
    }
}
