/** Versioned data migrations over a fleet of knowledge boxes. */
module dev.kbmigrator {
    requires com.fasterxml.jackson.databind;
    requires com.google.common;
    requires org.slf4j;
    requires static transitive java.sql;
    requires static transitive org.jspecify;

    exports dev.kbmigrator;
    exports dev.kbmigrator.jdbc;
    exports dev.kbmigrator.memory;
    exports dev.kbmigrator.spi;

    uses dev.kbmigrator.Migration;
}
