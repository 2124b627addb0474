package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.look.FleetObserver;

/**
 * What the coordinator and the workers of one replica share.
 *
 * @param observer looks at the shared state
 * @param pool runs executions
 * @param leases acquires scopes and keeps them
 */
public record ReplicaServices(FleetObserver observer, ExecutionPool pool, LeaseKeeper leases) {}
