package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.support.Troubles;

/**
 * What the coordinator and the workers of one replica share.
 *
 * @param observer looks at the shared state
 * @param pool runs executions
 * @param leases acquires scopes and keeps them
 * @param troubles what cannot be done at present
 */
public record ReplicaServices(FleetObserver observer, ExecutionPool pool, LeaseKeeper leases, Troubles troubles) {}
