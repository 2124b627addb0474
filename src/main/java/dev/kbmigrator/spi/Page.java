package dev.kbmigrator.spi;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of the KBs that a {@link PageQuery} asks for.
 *
 * @param kbs the KBs, without the texts of their checkpoints; may be fewer than asked for, even none, before the end
 * @param next where to go on, or null at the end of the pass
 */
public record Page(List<KbState> kbs, @Nullable Cursor next) {}
