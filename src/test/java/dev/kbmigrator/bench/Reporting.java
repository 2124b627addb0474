package dev.kbmigrator.bench;

import java.util.Map;

/** A contender that has measured something of its own besides. */
interface Reporting extends Contender {

    /** Its figures, after the run. */
    Map<String, Double> figures();
}
