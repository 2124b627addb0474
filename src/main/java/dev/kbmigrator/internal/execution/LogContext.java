package dev.kbmigrator.internal.execution;

import dev.kbmigrator.MigrationContext;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.MDC;

/** While a part runs, the MDC of its thread says what it works on, so that the log lines of the host's own code do, too. */
final class LogContext {

    private LogContext() {}

    /** Makes the call of an execution with its KB, version and name in the MDC. Afterwards the MDC is what it was before. */
    static <T> T during(MigrationContext execution, Supplier<T> call) {
        Map<String, String> before = MDC.getCopyOfContextMap();
        // A global part has no KB, whatever the thread's MDC says
        execution.kbId().ifPresentOrElse(kbId -> MDC.put("kb", kbId), () -> MDC.remove("kb"));
        MDC.put("version", Long.toString(execution.version()));
        MDC.put("migration", execution.name());
        try {
            return call.get();
        } finally {
            if (before == null) {
                MDC.clear();
            } else {
                MDC.setContextMap(before);
            }
        }
    }
}
