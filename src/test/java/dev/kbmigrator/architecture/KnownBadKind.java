package dev.kbmigrator.architecture;

/** Depends on {@link KnownBadFactory} through a nested class only. */
final class KnownBadKind {

    static final class Nested {

        private Nested() {}

        static KnownBadKind another() {
            return KnownBadFactory.kind();
        }
    }
}
