package dev.kbmigrator.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of the KBs that a {@link PageQuery} asks for.
 *
 * @param kbs the KBs, without the texts of their checkpoints; may be fewer than asked for, or even empty, on any page
 * @param next where the next page starts, or null if this page is the last
 */
public record Page(List<KbState> kbs, @Nullable Cursor next) {}
