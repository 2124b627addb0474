package dev.kbmigrator.architecture;

/** Depends on {@link KnownBadKind}, which depends on this class. {@code ClassCyclesTest} expects the cycle to be reported. */
final class KnownBadFactory {

    private KnownBadFactory() {}

    static KnownBadKind kind() {
        return new KnownBadKind();
    }
}
