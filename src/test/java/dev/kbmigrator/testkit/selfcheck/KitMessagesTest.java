package dev.kbmigrator.testkit.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.testkit.LockContract;
import dev.kbmigrator.testkit.StateStoreContract;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What an implementer reads when a test of the kit fails: the rule that is broken, and what was lost. */
class KitMessagesTest {

    private static final Path KIT = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
            .resolve("src/testkit/java");

    private static final Pattern ASSERTION = Pattern.compile("\\bassertThat(ThrownBy)?\\(");

    @Test
    void eachAssertionSaysWhatItIsAbout() throws IOException {
        List<String> silent = new ArrayList<>();
        int assertions = 0;
        for (Path source : sources()) {
            String text = Files.readString(source);
            Matcher assertion = ASSERTION.matcher(text);
            while (assertion.find()) {
                assertions++;
                String rest = text.substring(closing(text, assertion.end())).stripLeading();
                if (!rest.startsWith(".as(")) {
                    silent.add(source.getFileName() + ": " + text.substring(assertion.start(), assertion.end() + 60));
                }
            }
        }
        assertThat(assertions).isGreaterThan(300);
        assertThat(silent).isEmpty();
    }

    @Test
    void eachTestNamesARule() {
        List<String> without = new ArrayList<>();
        for (Class<?> contract : List.of(StateStoreContract.class, LockContract.class)) {
            Stream.concat(Stream.of(contract), Arrays.stream(contract.getInterfaces()))
                    .flatMap(chapter -> Arrays.stream(chapter.getDeclaredMethods()))
                    .filter(method -> method.isAnnotationPresent(Test.class))
                    .filter(method -> !namesARule(method))
                    .forEach(method -> without.add(method.getName()));
        }
        assertThat(without).isEmpty();
    }

    private static boolean namesARule(Method test) {
        return Stream.of(test, test.getDeclaringClass())
                .flatMap(element -> Arrays.stream(element.getAnnotations()))
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("Checks"));
    }

    /** The position after the parenthesis that closes the one that was opened before a position. */
    private static int closing(String text, int start) {
        int depth = 1;
        boolean quoted = false;
        for (int i = start; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && c == '(') {
                depth++;
            } else if (!quoted && c == ')' && --depth == 0) {
                return i + 1;
            }
        }
        throw new IllegalArgumentException("no closing parenthesis after " + text.substring(start, start + 60));
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(KIT)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
