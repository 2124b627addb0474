package dev.kbmigrator.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What a user of the library can see of a class: its supertypes and its public and protected members. */
public final class PublicSignatures {

    private PublicSignatures() {}

    public static ArchCondition<JavaClass> showNothingOf(String... packages) {
        List<String> banned = List.of(packages);
        return new ArchCondition<>("show nothing of " + banned + " in a public signature") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (!isReachable(type)) {
                    return;
                }
                report(type.getFullName(), type, supertypes(type), banned, events);
                for (JavaMember member : type.getMembers()) {
                    if (isVisible(member.getModifiers())) {
                        report(member.getFullName(), type, signature(member), banned, events);
                    }
                }
            }
        };
    }

    private static void report(
            String where, JavaClass type, Stream<JavaType> shown, List<String> banned, ConditionEvents events) {
        shown.flatMap(each -> each.getAllInvolvedRawTypes().stream())
                .map(JavaClass::getBaseComponentType)
                .distinct()
                .filter(raw ->
                        banned.stream().anyMatch(prefix -> (raw.getPackageName() + ".").startsWith(prefix + ".")))
                .forEach(raw -> events.add(SimpleConditionEvent.violated(
                        type, "<" + where + "> shows " + raw.getFullName() + " in " + type.getSourceCodeLocation())));
    }

    private static Stream<JavaType> supertypes(JavaClass type) {
        return Stream.of(type.getSuperclass().stream(), type.getInterfaces().stream(), bounds(type.getTypeParameters()))
                .flatMap(each -> each);
    }

    private static Stream<JavaType> signature(JavaMember member) {
        if (member instanceof JavaField field) {
            return Stream.of(field.getType());
        }
        JavaCodeUnit codeUnit = (JavaCodeUnit) member;
        return Stream.of(
                        Stream.of(codeUnit.getReturnType()),
                        codeUnit.getParameterTypes().stream(),
                        bounds(codeUnit.getTypeParameters()),
                        codeUnit.getThrowsClause().getTypes().stream())
                .flatMap(each -> each);
    }

    private static Stream<JavaType> bounds(Collection<? extends JavaTypeVariable<?>> variables) {
        return variables.stream().flatMap(variable -> variable.getBounds().stream());
    }

    private static boolean isReachable(JavaClass type) {
        Optional<JavaClass> enclosing = type.getEnclosingClass();
        return isVisible(type.getModifiers())
                && !type.isAnonymousClass()
                && !type.isLocalClass()
                && enclosing.map(PublicSignatures::isReachable).orElse(true);
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return !modifiers.contains(JavaModifier.SYNTHETIC)
                && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }
}
