package dev.kbmigrator.compatibility;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Implementations by contracts: what became of each test. */
final class Matrix {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Map<String, Map<Contract, Map<String, Outcome>>> outcomes = new LinkedHashMap<>();
    private final List<String> missing = new ArrayList<>();

    /** Reads the reports of the implementations' test classes. */
    Matrix(List<Implementation> implementations, Reports reports) throws IOException {
        for (Implementation implementation : implementations) {
            Map<Contract, Map<String, Outcome>> ofOne = new LinkedHashMap<>();
            for (Map.Entry<Contract, String> test : implementation.testClasses().entrySet()) {
                Map<String, Outcome> reported = reports.of(test.getValue()).orElse(Map.of());
                ofOne.put(test.getKey(), ofContract(test.getKey(), test.getValue(), reported));
            }
            outcomes.put(implementation.name(), ofOne);
        }
    }

    private Map<String, Outcome> ofContract(Contract contract, String testClass, Map<String, Outcome> reported) {
        Map<String, Outcome> ofContract = new TreeMap<>(reported);
        ofContract.keySet().retainAll(contract.tests());
        int absent = contract.tests().size() - ofContract.size();
        if (absent > 0) {
            missing.add(testClass + " (" + absent + " of " + contract.tests().size() + " tests)");
        }
        return ofContract;
    }

    /** What the reports do not tell; a matrix with gaps is none. */
    List<String> missing() {
        return List.copyOf(missing);
    }

    String json() {
        ObjectNode root = JSON.createObjectNode();
        outcomes.forEach((name, contracts) -> {
            ObjectNode ofOne = root.putObject(name);
            contracts.forEach((contract, tests) -> ofOne.putObject(contract.title())
                    .put("run", tests.size())
                    .put("failed", Outcome.FAILED.in(tests.values()))
                    .put("skipped", Outcome.SKIPPED.in(tests.values())));
        });
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree of numbers can be written", e);
        }
    }

    String markdown() {
        StringBuilder text = new StringBuilder("""
                # Compatibility

                Which implementation of the SPIs passes which test of the contracts in the test kit? `mvn verify` writes this page from
                the reports of its test run: do not edit it.

                | implementation | StateStoreContract | LockContract |
                |---|---|---|
                """);
        outcomes.forEach((name, contracts) -> {
            text.append("| ").append(name);
            for (Contract contract : Contract.values()) {
                text.append(" | ").append(summary(contracts.getOrDefault(contract, Map.of())));
            }
            text.append(" |\n");
        });
        for (Contract contract : Contract.values()) {
            append(text, contract);
        }
        return text.toString();
    }

    private static String summary(Map<String, Outcome> tests) {
        if (tests.isEmpty()) {
            return "–";
        }
        StringBuilder summary = new StringBuilder();
        summary.append(Outcome.PASSED.in(tests.values())).append(" of ").append(tests.size());
        long skipped = Outcome.SKIPPED.in(tests.values());
        return skipped == 0
                ? summary.toString()
                : summary.append(", ").append(skipped).append(" skipped").toString();
    }

    private void append(StringBuilder text, Contract contract) {
        List<String> names = outcomes.keySet().stream()
                .filter(name -> ofOne(name).containsKey(contract))
                .toList();
        text.append("\n## ").append(contract.title()).append("\n\n| test | ");
        text.append(String.join(" | ", names)).append(" |\n|---|").append(":-:|".repeat(names.size()));
        text.append('\n');
        for (String test : contract.tests()) {
            text.append("| ").append(test);
            for (String name : names) {
                Outcome outcome = ofOne(name).getOrDefault(contract, Map.of()).get(test);
                text.append(" | ").append(outcome == null ? "?" : outcome.mark());
            }
            text.append(" |\n");
        }
    }

    private Map<Contract, Map<String, Outcome>> ofOne(String name) {
        return outcomes.getOrDefault(name, Map.of());
    }
}
