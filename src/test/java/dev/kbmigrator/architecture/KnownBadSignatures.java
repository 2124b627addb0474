package dev.kbmigrator.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Map;

/**
 * Shows a Guava or Jackson type to the user in every member. {@code ArchitectureTest} expects every one of them to be
 * reported.
 */
@SuppressWarnings("unused")
public abstract class KnownBadSignatures {

    protected final ImmutableList<String> field = ImmutableList.of();

    protected KnownBadSignatures(JsonNode parameter) {}

    public abstract ImmutableList<String> result();

    public abstract Map<String, List<JsonNode>> typeArgument();

    public abstract <T extends JsonNode> void typeVariable(List<T> parameter);
}
