package dev.kbmigrator.example.archive;

/** {@code mvn -q test-compile exec:java}: brings the archive up with two replicas, one of which is killed in the middle. */
public final class ArchiveMain {

    private ArchiveMain() {}

    /**
     * Runs it once. An exception, rather than an exit code, because this runs inside Maven, which then fails the build.
     *
     * @param arguments none
     * @throws Exception when it could not be brought up, with what to do
     */
    public static void main(String[] arguments) throws Exception {
        new Archive(ArchiveSettings.ofBuild(), System.out).bringUp();
    }
}
