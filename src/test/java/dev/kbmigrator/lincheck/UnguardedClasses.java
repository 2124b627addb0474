package dev.kbmigrator.lincheck;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import net.bytebuddy.agent.ByteBuddyAgent;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.commons.ClassRemapper;
import org.objectweb.asm.commons.Remapper;

/**
 * A class and all of this project that it uses once more, under other names, with the guards taken out of one of them: it has
 * no {@code synchronized} any more, and its atomic counters are plain ones. So what a check must find is the very class that
 * it passes, but for its guards, and cannot fall behind it.
 *
 * <p>The names differ because Lincheck keeps what it makes of a class by the class's name; they are on the class path because
 * Lincheck looks there.
 */
final class UnguardedClasses {

    private static final String PROJECT = "dev/kbmigrator/";
    private static final String ATOMIC = AtomicInteger.class.getName().replace('.', '/');
    private static final String PLAIN = PlainInteger.class.getName().replace('.', '/');

    private final String unguarded;
    private final String prefix;
    private final Set<String> seen = new HashSet<>();
    private final Deque<String> toCopy = new ArrayDeque<>();

    private UnguardedClasses(Class<?> unguarded) {
        this.unguarded = unguarded.getName().replace('.', '/');
        this.prefix = "without/guards/of/" + unguarded.getSimpleName() + "/";
    }

    /** The counterpart of a class; what it uses of the unguarded one, and of those nested in that, has no guards. */
    static Class<?> counterpartOf(Class<?> user, Class<?> unguarded) {
        UnguardedClasses copies = new UnguardedClasses(unguarded);
        String name = copies.map(user.getName().replace('.', '/')).replace('/', '.');
        try {
            Path jar = Files.createTempFile("unguarded", ".jar");
            copies.writeTo(jar);
            ByteBuddyAgent.install().appendToSystemClassLoaderSearch(new JarFile(jar.toFile()));
            jar.toFile().deleteOnExit();
            return Class.forName(name, false, ClassLoader.getSystemClassLoader());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private void writeTo(Path jar) throws IOException {
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
            while (!toCopy.isEmpty()) {
                String original = toCopy.remove();
                out.putNextEntry(new ZipEntry(prefix + original + ".class"));
                out.write(copyOf(original));
                out.closeEntry();
            }
        }
    }

    private byte[] copyOf(String original) throws IOException {
        try (InputStream in = ClassLoader.getSystemResourceAsStream(original + ".class")) {
            if (in == null) {
                throw new IOException("there is no " + original);
            }
            ClassWriter writer = new ClassWriter(0);
            boolean strip = original.equals(unguarded) || original.startsWith(unguarded + "$");
            ClassVisitor renaming = new ClassRemapper(writer, new Renaming(strip));
            new ClassReader(in).accept(strip ? new WithoutMonitors(renaming) : renaming, 0);
            return writer.toByteArray();
        }
    }

    private String map(String internalName) {
        if (!internalName.startsWith(PROJECT)) {
            return internalName;
        }
        if (seen.add(internalName)) {
            toCopy.add(internalName);
        }
        return prefix + internalName;
    }

    private final class Renaming extends Remapper {

        private final boolean strip;

        private Renaming(boolean strip) {
            super(Opcodes.ASM9);
            this.strip = strip;
        }

        @Override
        public String map(String internalName) {
            return UnguardedClasses.this.map(strip && internalName.equals(ATOMIC) ? PLAIN : internalName);
        }
    }

    private static final class WithoutMonitors extends ClassVisitor {

        private WithoutMonitors(ClassVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            int unguarded = access & ~Opcodes.ACC_SYNCHRONIZED;
            MethodVisitor next = super.visitMethod(unguarded, name, descriptor, signature, exceptions);
            return new MethodVisitor(Opcodes.ASM9, next) {
                @Override
                public void visitInsn(int opcode) {
                    boolean ofMonitor = opcode == Opcodes.MONITORENTER || opcode == Opcodes.MONITOREXIT;
                    super.visitInsn(ofMonitor ? Opcodes.POP : opcode);
                }
            };
        }
    }
}
