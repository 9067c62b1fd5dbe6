import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import { BrokerResponseError, GroupMembershipError } from './errors';
import { ErrorCode, errorName } from './protocol/error-codes';
import type { GroupGeneration } from './protocol/group-generation';
import { heartbeatRequest } from './protocol/group-membership';
import { isTransient } from './retry';

export interface HeartbeatsOptions {
  readonly cluster: ClusterClient;
  readonly connections: ConnectionSet;
  readonly generation: GroupGeneration;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** The group rebalances; may be called again and again while it does. */
  onRebalance(): void;
  /** Others have the partitions, or may have them. Nothing is called after it. */
  onLost(reason: string): void;
  /** The group does not want this member any more. Nothing is called after it. */
  onFatal(error: Error): void;
}

const RETRY_MS = 100;

/**
 * Keeps a membership alive, on timers of its own. When no heartbeat was answered for the session time-out, the membership is
 * lost whatever the broker thinks: the way by which a process that was stopped for a while learns of it first.
 */
export class Heartbeats {
  private timer: NodeJS.Timeout | undefined;
  private expiry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: HeartbeatsOptions) {
    this.answered();
    this.schedule(options.heartbeatIntervalMs);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.expiry);
  }

  private answered(): void {
    clearTimeout(this.expiry);
    const { sessionTimeoutMs } = this.options;
    this.expiry = setTimeout(() => {
      this.end(() => this.options.onLost(`no heartbeat was answered for ${sessionTimeoutMs} ms`));
    }, sessionTimeoutMs);
  }

  private schedule(delayMs: number): void {
    if (!this.stopped) this.timer = setTimeout(() => void this.beat(), delayMs);
  }

  private end(report: () => void): void {
    if (this.stopped) return;
    this.stop();
    report();
  }

  private async beat(): Promise<void> {
    const { cluster, connections, generation, sessionTimeoutMs, heartbeatIntervalMs } = this.options;
    const request = heartbeatRequest(generation);
    try {
      await cluster.sendToCoordinator(
        connections,
        'group',
        generation.groupId,
        request,
        (code) => {
          if (code !== ErrorCode.NONE) throw new BrokerResponseError(code, request.name);
        },
        sessionTimeoutMs,
      );
      if (this.stopped) return;
      this.answered();
      this.schedule(heartbeatIntervalMs);
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (this.stopped) return;
    const code = error instanceof BrokerResponseError ? error.errorCode : undefined;
    switch (code) {
      case ErrorCode.REBALANCE_IN_PROGRESS:
        this.answered();
        this.schedule(this.options.heartbeatIntervalMs);
        this.options.onRebalance();
        return;
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.ILLEGAL_GENERATION:
        this.end(() => this.options.onLost(errorName(code)));
        return;
      case ErrorCode.FENCED_INSTANCE_ID:
        this.end(() => this.options.onFatal(fencedInstance(this.options.generation.groupId, error)));
        return;
      case undefined:
      default:
        if (isTransient(error)) this.schedule(Math.min(RETRY_MS, this.options.heartbeatIntervalMs));
        else this.end(() => this.options.onFatal(error instanceof Error ? error : new Error(String(error))));
    }
  }
}

export function fencedInstance(groupId: string, cause: unknown): GroupMembershipError {
  return new GroupMembershipError(groupId, 'another member with the same groupInstanceId took over', cause);
}
