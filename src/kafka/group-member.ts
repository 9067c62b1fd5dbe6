import type { Logger } from '../logging/logger';
import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type Assignment,
} from './consumer-protocol';
import { BrokerResponseError, GroupMembershipError } from './errors';
import { fencedInstance, Heartbeats } from './heartbeats';
import { ErrorCode } from './protocol/error-codes';
import type { GroupGeneration } from './protocol/group-generation';
import {
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest,
  type JoinGroupResponse,
} from './protocol/group-membership';
import { isTransient, pause } from './retry';

/** A member of the group as the assignor of the leader sees it. */
export interface GroupMemberDescription {
  readonly memberId: string;
  readonly topics: readonly string[];
  readonly userData: Buffer;
}

/** Spreads partitions over members. The one of the group's leader is asked; all members must use one of the same name. */
export interface GroupAssignor {
  readonly name: string;
  /** What this member tells the leader, asked before every join. */
  userData(): Buffer;
  assign(members: readonly GroupMemberDescription[]): Promise<Map<string, Assignment>>;
}

export interface GroupAssignment extends Assignment {
  readonly generation: GroupGeneration;
}

/**
 * Why partitions are given up. On `rebalance` and `leaving` they are still this member's until the handler is done, so it
 * commits. On `lost` others may have them already, and it must not.
 */
export type RevocationCause = 'rebalance' | 'leaving' | 'lost';

export interface GroupHandlers {
  /** Called once for each assignment, before the next one. Heartbeats go on meanwhile. */
  onRevoked(cause: RevocationCause): Promise<void>;
  /** A rebalance that comes meanwhile waits until the promise is settled: begin long work here, do not wait for it. */
  onAssigned(assignment: GroupAssignment): Promise<void>;
  /**
   * The member is out of the group and stays out: the group refused it, or the assignor or a handler threw. Partitions that it
   * had are not its own any more, whether `onRevoked('lost')` could be called before or not.
   */
  onFatal(error: unknown): void;
}

export interface GroupMemberOptions {
  readonly cluster: ClusterClient;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Without a heartbeat for so long the group gives the partitions to others, in milliseconds. */
  readonly sessionTimeoutMs: number;
  /** How long the group waits for its members to give up their partitions and join again, in milliseconds. */
  readonly rebalanceTimeoutMs: number;
  /** In milliseconds; at most a third of the session time-out. */
  readonly heartbeatIntervalMs: number;
  /** Static membership: a member that comes back under this id in time gets its partitions back without a rebalance. */
  readonly groupInstanceId?: string | undefined;
  readonly assignor: GroupAssignor;
  readonly handlers: GroupHandlers;
  readonly logger: Logger;
}

/**
 * UNJOINED -> JOINING -> SYNCING -> ASSIGNING -> STABLE -> REVOKING -> JOINING ..., from everywhere to LEAVING -> LEFT, or to
 * FAILED.
 */
export type GroupMemberState =
  'UNJOINED' | 'JOINING' | 'SYNCING' | 'ASSIGNING' | 'STABLE' | 'REVOKING' | 'LEAVING' | 'LEFT' | 'FAILED';

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 1_000;
const LEAVE_TIMEOUT_MS = 5_000;
const JOIN_ANSWER_MARGIN_MS = 10_000;

/** One member of a consumer group, with the eager protocol: all partitions are given up before new ones come. */
export class GroupMember {
  private current: GroupMemberState = 'UNJOINED';
  private memberId = '';
  private joined: GroupGeneration | undefined;
  private readonly leavingSignal = new AbortController();
  private connections: ConnectionSet;
  private running: Promise<void> | undefined;
  private endOfAssignment: ((cause: RevocationCause | Error) => void) | undefined;

  constructor(private readonly options: GroupMemberOptions) {
    this.connections = options.cluster.openConnections();
  }

  get state(): GroupMemberState {
    return this.current;
  }

  /** Who this member is, while its partitions are its own; undefined otherwise. */
  get generation(): GroupGeneration | undefined {
    return this.joined;
  }

  /** Begins to join, in the background. */
  start(): void {
    this.running ??= this.run();
  }

  /** Gives up the partitions and joins again, for example because the user data changed. */
  requestRejoin(): void {
    this.endOfAssignment?.('rebalance');
  }

  /** Gives up the partitions, and leaves the group so that others get them at once. A static member stays in it. */
  async leave(): Promise<void> {
    this.leavingSignal.abort();
    this.endOfAssignment?.('leaving');
    await this.running;
    if (this.current === 'UNJOINED') this.become('LEFT');
    this.options.cluster.closeConnections(this.connections);
  }

  private get leaving(): boolean {
    return this.leavingSignal.signal.aborted;
  }

  private async run(): Promise<void> {
    try {
      while (!this.leaving) {
        const assignment = await this.join();
        if (assignment === undefined) continue;
        await this.serve(assignment);
      }
      this.become('LEAVING');
      await this.sendLeave();
      this.become('LEFT');
    } catch (error) {
      this.joined = undefined;
      this.become('FAILED');
      this.options.handlers.onFatal(error);
      // The others need not wait for the session to time out. Who was fenced has no place to give up.
      if (!isFenced(error)) await this.sendLeave();
    }
  }

  /** From the assignment until it ends, whatever ends it. */
  private async serve(assignment: GroupAssignment): Promise<void> {
    const { handlers, logger } = this.options;
    const ended = new Promise<RevocationCause | Error>((resolve) => {
      this.endOfAssignment = resolve;
    });
    if (this.leaving) this.endOfAssignment?.('leaving');
    const heartbeats = this.startHeartbeats(assignment.generation);
    try {
      this.become('ASSIGNING');
      await handlers.onAssigned(assignment);
      this.become('STABLE');
      const end = await ended;
      const cause = end instanceof Error ? 'lost' : end;
      logger.info({ event: 'group.revoking', group: this.options.groupId, cause }, 'giving up partitions');
      this.become('REVOKING');
      if (cause === 'lost') {
        heartbeats.stop();
        this.joined = undefined;
      }
      await handlers.onRevoked(cause);
      if (end instanceof Error) throw end;
    } finally {
      this.endOfAssignment = undefined;
      heartbeats.stop();
      this.joined = undefined;
    }
  }

  private startHeartbeats(generation: GroupGeneration): Heartbeats {
    const { cluster, sessionTimeoutMs, heartbeatIntervalMs, groupId, logger } = this.options;
    return new Heartbeats({
      cluster,
      connections: this.connections,
      generation,
      sessionTimeoutMs,
      heartbeatIntervalMs,
      onRebalance: () => this.endOfAssignment?.('rebalance'),
      onLost: (reason) => {
        logger.warn({ event: 'group.lost', group: groupId, reason }, `lost the partitions: ${reason}`);
        if (this.memberId === generation.memberId && reason === 'UNKNOWN_MEMBER_ID') this.memberId = '';
        this.joined = undefined;
        this.endOfAssignment?.('lost');
      },
      onFatal: (error) => this.endOfAssignment?.(error),
    });
  }

  /** Joins until there is an assignment; undefined when this member is to leave. */
  private async join(): Promise<GroupAssignment | undefined> {
    let delayMs = FIRST_RETRY_MS;
    while (!this.leaving) {
      try {
        this.become('JOINING');
        const joined = await this.sendJoin();
        this.become('SYNCING');
        return await this.sync(joined);
      } catch (error) {
        if (this.leaving) return undefined;
        if (!(await this.recover(error))) {
          await pause(delayMs, this.leavingSignal.signal);
          delayMs = Math.min(2 * delayMs, MAX_RETRY_MS);
        }
      }
    }
    return undefined;
  }

  /**
   * Decides what follows a failed join: true to try again at once, false after a pause.
   *
   * @throws what cannot be recovered from.
   */
  private async recover(error: unknown): Promise<boolean> {
    const { groupId, logger } = this.options;
    const code = error instanceof BrokerResponseError ? error.errorCode : undefined;
    logger.debug(
      { event: 'group.join_retry', group: groupId, err: error },
      'joining the group failed, and is tried again',
    );
    switch (code) {
      case ErrorCode.MEMBER_ID_REQUIRED:
        return true;
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.memberId = '';
        return true;
      case ErrorCode.REBALANCE_IN_PROGRESS:
      case ErrorCode.ILLEGAL_GENERATION:
        return true;
      case ErrorCode.FENCED_INSTANCE_ID:
        throw fencedInstance(groupId, error);
      case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
        throw new GroupMembershipError(
          groupId,
          `its members assign partitions in another way than '${this.options.assignor.name}'. ` +
            `Stop them, or use another application id.`,
          error,
        );
      case undefined:
      default:
        if (isTransient(error)) return false;
        throw error;
    }
  }

  private async sendJoin(): Promise<JoinGroupResponse> {
    const { cluster, groupId, sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId, assignor, topics } = this.options;
    const request = joinGroupRequest({
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.memberId,
      groupInstanceId,
      protocolName: assignor.name,
      subscription: encodeSubscription({ topics, userData: assignor.userData() }),
    });
    return this.unlessLeaving(
      cluster.sendToCoordinator(
        this.connections,
        'group',
        groupId,
        request,
        (response) => {
          if (response.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.memberId = response.memberId;
          if (response.errorCode !== ErrorCode.NONE) throw new BrokerResponseError(response.errorCode, request.name);
          this.memberId = response.memberId;
        },
        rebalanceTimeoutMs + JOIN_ANSWER_MARGIN_MS,
      ),
    );
  }

  private async sync(joined: JoinGroupResponse): Promise<GroupAssignment> {
    const { cluster, groupId, groupInstanceId, rebalanceTimeoutMs } = this.options;
    const generation: GroupGeneration = {
      groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId,
    };
    const leads = joined.leaderId === joined.memberId;
    const request = syncGroupRequest(generation, leads ? await this.assign(joined) : []);
    const response = await this.unlessLeaving(
      cluster.sendToCoordinator(
        this.connections,
        'group',
        groupId,
        request,
        ({ errorCode }) => {
          if (errorCode !== ErrorCode.NONE) throw new BrokerResponseError(errorCode, request.name);
        },
        rebalanceTimeoutMs + JOIN_ANSWER_MARGIN_MS,
      ),
    );
    this.joined = generation;
    const assignment = decodeAssignment(response.assignment);
    this.options.logger.info(
      {
        event: 'group.assigned',
        group: groupId,
        generation: joined.generationId,
        partitions: assignment.partitions.length,
      },
      'got partitions',
    );
    return { ...assignment, generation };
  }

  private async assign(joined: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map(({ memberId, subscription }) => ({
      memberId,
      ...decodeSubscription(subscription),
    }));
    const assignments = await this.options.assignor.assign(members);
    return [...assignments].map(([memberId, assignment]) => ({ memberId, assignment: encodeAssignment(assignment) }));
  }

  /** A join is answered when all members have come; this one may want to leave before. */
  private async unlessLeaving<T>(answer: Promise<T>): Promise<T> {
    const { signal } = this.leavingSignal;
    const interrupt = (): void => {
      this.options.cluster.closeConnections(this.connections);
      this.connections = this.options.cluster.openConnections();
    };
    signal.addEventListener('abort', interrupt);
    try {
      return await answer;
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  private async sendLeave(): Promise<void> {
    const { cluster, groupId, groupInstanceId, logger } = this.options;
    if (this.memberId === '' || groupInstanceId !== undefined) return;
    try {
      await cluster.sendToCoordinator(
        this.connections,
        'group',
        groupId,
        leaveGroupRequest(groupId, this.memberId),
        () => undefined,
        LEAVE_TIMEOUT_MS,
      );
    } catch (error) {
      logger.debug({ event: 'group.leave_failed', group: groupId, err: error }, 'could not say good-bye to the group');
    }
  }

  private become(state: GroupMemberState): void {
    this.current = state;
  }
}

function isFenced(error: unknown): boolean {
  const cause = error instanceof GroupMembershipError ? error.cause : undefined;
  return cause instanceof BrokerResponseError && cause.errorCode === ErrorCode.FENCED_INSTANCE_ID;
}
