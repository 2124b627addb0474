package acme.migrations.checkpoints;

/** How far a KB has been read. */
public record Position(int page, String lastKey) {}
