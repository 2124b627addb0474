package dev.kbmigrator.architecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.BaseStream;

/** The calls that reach past the injected surroundings: time, waiting, threads and chance. */
public final class BannedCalls {

    private static final String ANY = ".*";
    private static final String CONSTRUCTOR = "<init>";

    private static final List<Ban> BANS = List.of(
            ban(System.class, "nanoTime|currentTimeMillis"),
            ban(Temporal.class, "now"),
            ban(Clock.class, "system.*|tick.*"),
            ban(Date.class, CONSTRUCTOR),
            ban(Thread.class, "<init>|start|sleep|join"),
            ban(Object.class, "wait"),
            ban(TimeUnit.class, "sleep|timedJoin|timedWait"),
            ban(LockSupport.class, "park.*"),
            ban(Condition.class, "await.*"),
            ban(CountDownLatch.class, "await"),
            ban(CyclicBarrier.class, "await"),
            ban(Semaphore.class, "acquire.*"),
            ban(BlockingQueue.class, "take|put|offer/3|poll/2"),
            ban(Future.class, "get|join"),
            ban(ExecutorService.class, "awaitTermination|invokeAll|invokeAny"),
            ban(Executors.class, ANY),
            ban(ThreadPoolExecutor.class, CONSTRUCTOR),
            ban(ForkJoinPool.class, "<init>|commonPool"),
            ban(Timer.class, CONSTRUCTOR),
            ban(CompletableFuture.class, ".*Async|delayedExecutor|orTimeout|completeOnTimeout"),
            ban(Collection.class, "parallelStream"),
            ban(BaseStream.class, "parallel"),
            ban(ThreadLocalRandom.class, ANY),
            ban(Random.class, CONSTRUCTOR),
            ban(SplittableRandom.class, CONSTRUCTOR),
            ban(SecureRandom.class, ANY),
            ban(Math.class, "random"),
            ban(UUID.class, "randomUUID"),
            ban(Collections.class, "shuffle/1"));

    private BannedCalls() {}

    /** Matches the classes of that simple name, and all that is nested in them. */
    public static DescribedPredicate<JavaClass> madeIn(String simpleName) {
        Pattern name = Pattern.compile("(.*\\.)?" + Pattern.quote(simpleName) + "(\\$.*)?");
        return DescribedPredicate.describe(
                "are part of " + simpleName,
                type -> name.matcher(type.getName()).matches());
    }

    /** Holds for a class that makes one of the calls, or hands out a reference to the method. */
    public static ArchCondition<JavaClass> makeABannedCall() {
        return new ArchCondition<>("touch time, threads or chance directly") {
            @Override
            public void check(JavaClass caller, ConditionEvents events) {
                for (JavaCodeUnitAccess<?> access : caller.getCodeUnitAccessesFromSelf()) {
                    if (isBanned(access.getTarget())) {
                        events.add(SimpleConditionEvent.satisfied(access, access.getDescription()));
                    }
                }
            }
        };
    }

    private static boolean isBanned(CodeUnitAccessTarget target) {
        return BANS.stream().anyMatch(ban -> ban.covers(target));
    }

    /** The methods of that type and its subtypes, as {@code name} or {@code name/number of parameters}. */
    private static Ban ban(Class<?> owner, String methods) {
        return new Ban(owner, Pattern.compile(methods));
    }

    private record Ban(Class<?> owner, Pattern methods) {
        boolean covers(CodeUnitAccessTarget target) {
            String name = target.getName();
            String nameAndArity = name + "/" + target.getRawParameterTypes().size();
            return isOwnedBy(target.getOwner())
                    && (methods.matcher(name).matches()
                            || methods.matcher(nameAndArity).matches());
        }

        private boolean isOwnedBy(JavaClass type) {
            // Every type is assignable to Object, but a call of Object's own methods always names Object itself
            return owner == Object.class ? type.isEquivalentTo(owner) : type.isAssignableTo(owner);
        }
    }
}
