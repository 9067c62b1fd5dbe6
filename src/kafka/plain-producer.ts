import { BatchSender } from './batch-sender';
import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import type { Epoch, EpochProducer, ProducedRange } from './epoch-producer';
import { BrokerResponseError, DeliveryFailedError, ProducerStateError, StaleGenerationError } from './errors';
import { ErrorCode } from './protocol/error-codes';
import type { GroupGeneration } from './protocol/group-generation';
import { offsetCommitRequest } from './protocol/offsets';
import type { OffsetAndMetadata } from './protocol/topic-partition';
import { initProducerIdRequest, NO_PRODUCER } from './protocol/transactions';

export interface PlainProducerOptions {
  readonly cluster: ClusterClient;
}

/** NEW -> READY -> COMMITTING -> READY ...; every failure leads to DEAD. */
export type PlainProducerState = 'NEW' | 'READY' | 'COMMITTING' | 'DEAD';

const STALE_MEMBER = new Set<number>([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_INSTANCE_ID,
]);
const NO_TRANSACTION_TIMEOUT = 0;

/**
 * Commits for at-least-once: first all records, each written once whatever is retried, then the offsets. A failure in between
 * leaves records behind that come again after a restart.
 */
export class PlainProducer implements EpochProducer {
  private current: PlainProducerState = 'NEW';
  private readonly connections: ConnectionSet;
  private readonly sender: BatchSender;
  private identity = NO_PRODUCER;

  constructor(private readonly options: PlainProducerOptions) {
    this.connections = options.cluster.openConnections();
    this.sender = new BatchSender(options.cluster, this.connections, null);
  }

  get state(): PlainProducerState {
    return this.current;
  }

  get producerId(): number {
    return this.identity.producerId;
  }

  async init(): Promise<void> {
    const request = initProducerIdRequest(null, NO_TRANSACTION_TIMEOUT);
    const identity = await this.options.cluster.sendToAny(request, ({ errorCode }) => {
      if (errorCode !== ErrorCode.NONE) throw new BrokerResponseError(errorCode, request.name);
    });
    this.identity = identity;
    this.sender.useIdentity(identity);
    this.current = 'READY';
  }

  /** @throws {@link DeliveryFailedError}, {@link StaleGenerationError} */
  async commit(epoch: Epoch): Promise<Map<string, ProducedRange>> {
    if (this.current !== 'READY') throw new ProducerStateError('at least once', this.current);
    const records = epoch.records.filter(({ builder }) => builder.recordCount > 0);
    if (records.length === 0 && epoch.offsets.length === 0) return new Map();
    this.current = 'COMMITTING';
    try {
      const produced =
        records.length === 0 ? new Map<string, ProducedRange>() : await this.sender.send(records, () => undefined);
      if (epoch.offsets.length > 0) await this.commitOffsets(epoch.offsets, epoch.group);
      this.current = 'READY';
      return produced;
    } catch (error) {
      this.current = 'DEAD';
      throw error instanceof StaleGenerationError ? error : new DeliveryFailedError(error);
    }
  }

  close(): void {
    this.current = 'DEAD';
    this.options.cluster.closeConnections(this.connections);
  }

  private async commitOffsets(
    offsets: readonly OffsetAndMetadata[],
    group: GroupGeneration | undefined,
  ): Promise<void> {
    if (group === undefined) throw new TypeError('offsets can be committed for a member of a group only');
    const { cluster } = this.options;
    const request = offsetCommitRequest(group, offsets);
    await cluster.retry(request.name, () =>
      cluster.sendToCoordinator(this.connections, 'group', group.groupId, request, (results) => {
        for (const { topic, partition, errorCode } of results) {
          if (errorCode === ErrorCode.NONE) continue;
          const error = new BrokerResponseError(errorCode, request.name, { topic, partition });
          if (!STALE_MEMBER.has(errorCode)) throw error;
          throw new StaleGenerationError(group.groupId, group.memberId, group.generationId, error);
        }
      }),
    );
  }
}
