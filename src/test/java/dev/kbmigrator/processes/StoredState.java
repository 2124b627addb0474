package dev.kbmigrator.processes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kbmigrator.jdbc.JdbcStateStore;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The library's state, read from outside by someone who takes no part. */
final class StoredState {

    private static final int PAGE = 1_000;

    private final StateStore store;

    StoredState(DataSource dataSource) {
        this.store = JdbcStateStore.create(dataSource);
    }

    StateStore store() {
        return store;
    }

    /** The fleet's current version; 0 before anything has run. */
    long current() {
        return number("current");
    }

    /** KB parts may run up to this version. */
    long open() {
        return number("open");
    }

    private long number(String field) {
        return store.document("now/state")
                .map(document -> read(document.json()).path(field).asLong())
                .orElse(0L);
    }

    private static JsonNode read(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Every enrolled KB's version. */
    Map<String, Long> versions() {
        Map<String, Long> versions = new HashMap<>();
        @Nullable
        PageQuery request = new PageQuery(
                Partitions.all(), PageQuery.Selection.ALL, Long.MAX_VALUE, DueFilter.BY_THE_CLOCK, null, PAGE);
        while (request != null) {
            Page page = store.page(request);
            for (KbState kb : page.kbs()) {
                versions.put(kb.kbId(), kb.version());
            }
            request = page.next() == null ? null : request.from(page.next());
        }
        return versions;
    }
}
