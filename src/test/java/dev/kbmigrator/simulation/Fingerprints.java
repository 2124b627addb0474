package dev.kbmigrator.simulation;

import dev.kbmigrator.simulation.Simulation.Result;
import dev.kbmigrator.support.ChildJvm;
import java.io.IOException;
import java.util.List;

/** What the first seeds come to, in a text: two that are equal have seen the same runs. */
public final class Fingerprints {

    private Fingerprints() {}

    /** Prints them, for another process to compare. */
    public static void main(String[] arguments) {
        QuietLog.keep();
        System.out.println("fingerprints=" + of(Long.parseLong(arguments[0])));
    }

    static String of(long seeds) {
        StringBuilder text = new StringBuilder();
        for (long seed = 1; seed <= seeds; seed++) {
            Result result = Simulation.run(seed, Mutant.NONE);
            text.append(Long.toHexString(result.hash()))
                    .append('/')
                    .append(result.steps())
                    .append(',');
        }
        return text.toString();
    }

    static String inAnotherProcess(long seeds) throws IOException, InterruptedException {
        return ChildJvm.run(Fingerprints.class, List.of("-Xmx512m"), List.of(Long.toString(seeds)))
                .get("fingerprints");
    }
}
