package dev.kbmigrator.compatibility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The XML reports that Surefire and Failsafe write, one a test class. */
final class Reports {

    private final List<Path> directories;

    Reports(List<Path> directories) {
        this.directories = List.copyOf(directories);
    }

    /** What became of the tests of a class, by their names; empty when it was not run. */
    Optional<Map<String, Outcome>> of(String testClass) throws IOException {
        for (Path directory : directories) {
            Path report = directory.resolve("TEST-" + testClass + ".xml");
            if (Files.exists(report)) {
                return Optional.of(read(report));
            }
        }
        return Optional.empty();
    }

    private static Map<String, Outcome> read(Path report) throws IOException {
        Map<String, Outcome> outcomes = new HashMap<>();
        NodeList testCases = parse(report).getElementsByTagName("testcase");
        for (int i = 0; i < testCases.getLength(); i++) {
            Element testCase = (Element) testCases.item(i);
            outcomes.merge(nameOf(testCase), outcomeOf(testCase), Reports::worse);
        }
        return outcomes;
    }

    /** Some versions of the plugins write parentheses after the method's name. */
    private static String nameOf(Element testCase) {
        return testCase.getAttribute("name").replaceFirst("\\(.*", "");
    }

    private static Outcome outcomeOf(Element testCase) {
        if (has(testCase, "failure") || has(testCase, "error")) {
            return Outcome.FAILED;
        }
        return has(testCase, "skipped") ? Outcome.SKIPPED : Outcome.PASSED;
    }

    private static Outcome worse(Outcome a, Outcome b) {
        return a == Outcome.FAILED || b == Outcome.FAILED ? Outcome.FAILED : a == Outcome.SKIPPED ? a : b;
    }

    private static boolean has(Element testCase, String tag) {
        return testCase.getElementsByTagName(tag).getLength() > 0;
    }

    private static org.w3c.dom.Document parse(Path report) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            return factory.newDocumentBuilder().parse(report.toFile());
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException("the report " + report + " cannot be read", e);
        }
    }
}
