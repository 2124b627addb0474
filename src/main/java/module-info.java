/** Versioned data migrations over a fleet of knowledge boxes. */
module dev.kbmigrator {
    requires com.fasterxml.jackson.databind;
    requires com.google.common;
    requires org.slf4j;
    requires static transitive java.sql;
    requires static org.jspecify;

    exports dev.kbmigrator;

    uses dev.kbmigrator.Migration;
}
