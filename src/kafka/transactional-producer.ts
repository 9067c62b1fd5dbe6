import { BatchSender } from './batch-sender';
import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import type { Epoch, EpochProducer, ProducedRange } from './epoch-producer';
import {
  BrokerConnectionError,
  BrokerResponseError,
  CommitOutcomeUnknownError,
  ProducerFencedError,
  ProducerStateError,
  StaleGenerationError,
  TransactionAbortedError,
} from './errors';
import type { ApiRequest } from './protocol/api-request';
import { ErrorCode, isAuthorizationCode } from './protocol/error-codes';
import type { GroupGeneration } from './protocol/group-generation';
import type { PartitionResult } from './protocol/partition-result';
import type { OffsetAndMetadata } from './protocol/topic-partition';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  initProducerIdRequest,
  NO_PRODUCER,
  txnOffsetCommitRequest,
} from './protocol/transactions';
import { isTransient, type RetryPolicy } from './retry';

export interface TransactionalProducerOptions {
  readonly cluster: ClusterClient;
  /** Whoever initializes a producer with this id fences all earlier ones. */
  readonly transactionalId: string;
  /** After so long the coordinator aborts an open transaction, in milliseconds. */
  readonly transactionTimeoutMs: number;
  /** For tests: called when everything of a transaction is written, and nothing is committed. */
  readonly beforeEnd?: (() => void) | undefined;
}

/** NEW -> READY -> COMMITTING -> READY ...; every failure leads to DEAD. */
export type TransactionalProducerState = 'NEW' | 'READY' | 'COMMITTING' | 'DEAD';

/** The end of the transaction before is mostly a matter of milliseconds. */
const FIRST_RETRY_MS = 5;
const MAX_RETRY_MS = 250;
const ABORT_TIMEOUT_MS = 5_000;

const FENCED = new Set<number>([
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
]);
const STALE_MEMBER = new Set<number>([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_INSTANCE_ID,
]);

/** Commits each epoch as one transaction: its records and its offsets become visible together, or never. */
export class TransactionalProducer implements EpochProducer {
  private current: TransactionalProducerState = 'NEW';
  private identity = NO_PRODUCER;
  /**
   * A request was sent and not answered, so it may still reach the broker, and it must not meet a later transaction: the next one
   * gets a new epoch, which makes the broker refuse whatever comes late.
   */
  private late = false;
  /** Produce requests can be large: those of the transaction itself do not queue behind them. */
  private readonly control: ConnectionSet;
  private readonly data: ConnectionSet;
  private readonly sender: BatchSender;

  constructor(private readonly options: TransactionalProducerOptions) {
    this.control = options.cluster.openConnections();
    this.data = options.cluster.openConnections();
    this.sender = new BatchSender(options.cluster, this.data, options.transactionalId);
  }

  get state(): TransactionalProducerState {
    return this.current;
  }

  get producerId(): number {
    return this.identity.producerId;
  }

  /** Fences earlier producers with this id; their open transaction is aborted, or completed if it was being committed. */
  async init(): Promise<void> {
    await this.beginEpoch();
    this.current = 'READY';
  }

  /**
   * @throws {@link ProducerFencedError}, {@link StaleGenerationError}, {@link TransactionAbortedError}: nothing is visible.
   * @throws {@link CommitOutcomeUnknownError}
   * @throws {@link BrokerResponseError} when a permission is missing: nothing is visible.
   */
  async commit(epoch: Epoch): Promise<Map<string, ProducedRange>> {
    if (this.current !== 'READY') throw new ProducerStateError(this.options.transactionalId, this.current);
    const records = epoch.records.filter(({ builder }) => builder.recordCount > 0);
    if (records.length === 0 && epoch.offsets.length === 0) return new Map();
    this.current = 'COMMITTING';
    try {
      if (this.late) await this.renew();
      const produced = await this.writeAll({ ...epoch, records });
      this.options.beforeEnd?.();
      await this.end();
      this.current = 'READY';
      return produced;
    } catch (error) {
      this.current = 'DEAD';
      throw error;
    }
  }

  close(): void {
    this.current = 'DEAD';
    this.options.cluster.closeConnections(this.control);
    this.options.cluster.closeConnections(this.data);
  }

  private async beginEpoch(): Promise<void> {
    const { transactionalId, transactionTimeoutMs } = this.options;
    const request = initProducerIdRequest(transactionalId, transactionTimeoutMs, this.identity);
    const response = await this.toTransactionCoordinator(request, ({ errorCode }) => errorCode);
    this.identity = { producerId: response.producerId, producerEpoch: response.producerEpoch };
    this.sender.useIdentity(this.identity);
    this.late = false;
  }

  private async renew(): Promise<void> {
    try {
      await this.beginEpoch();
    } catch (error) {
      throw this.classify(error, undefined);
    }
  }

  /** Records and offsets go side by side; both are settled before anything else happens. */
  private async writeAll(epoch: Epoch): Promise<Map<string, ProducedRange>> {
    const [produced, offsets] = await Promise.allSettled([this.writeRecords(epoch), this.writeOffsets(epoch)]);
    if (produced.status === 'fulfilled' && offsets.status === 'fulfilled') return produced.value;
    const errors = [offsets, produced].flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    const failure = this.mostTelling(errors.map((error) => this.classify(error, epoch.group)));
    if (!(failure instanceof ProducerFencedError)) await this.abort();
    throw failure;
  }

  private async writeRecords({ records }: Epoch): Promise<Map<string, ProducedRange>> {
    if (records.length === 0) return new Map();
    const request = addPartitionsToTxnRequest(this.options.transactionalId, this.identity, records);
    await this.toTransactionCoordinator(request, firstError);
    return this.sender.send(records, (error) => this.noteLate(error));
  }

  private async writeOffsets({ offsets, group }: Epoch): Promise<void> {
    if (offsets.length === 0) return;
    if (group === undefined) throw new TypeError('offsets can be committed for a member of a group only');
    const { transactionalId } = this.options;
    await this.toTransactionCoordinator(
      addOffsetsToTxnRequest(transactionalId, this.identity, group.groupId),
      (errorCode) => errorCode,
    );
    await this.commitOffsets(group, offsets);
  }

  private async commitOffsets(group: GroupGeneration, offsets: readonly OffsetAndMetadata[]): Promise<void> {
    const request = txnOffsetCommitRequest(this.options.transactionalId, this.identity, group, offsets);
    await this.send('group', group.groupId, request, firstError);
  }

  private async end(): Promise<void> {
    const { transactionalId } = this.options;
    const request = endTxnRequest(transactionalId, this.identity, 'commit');
    let mayHaveTakenEffect = false;
    try {
      await this.toTransactionCoordinator(
        request,
        (errorCode) => errorCode,
        (error) => {
          mayHaveTakenEffect ||= !(error instanceof BrokerConnectionError) || error.requestSent;
        },
      );
    } catch (error) {
      if (mayHaveTakenEffect) throw new CommitOutcomeUnknownError(transactionalId, error);
      throw this.classify(error, undefined);
    }
  }

  /** A courtesy: without it the next producer with this id, or the time-out, ends the transaction. */
  private async abort(): Promise<void> {
    const { cluster, transactionalId } = this.options;
    const request = endTxnRequest(transactionalId, this.identity, 'abort');
    try {
      await this.toTransactionCoordinator(request, (errorCode) => errorCode, undefined, ABORT_TIMEOUT_MS);
    } catch (error) {
      cluster.logger.debug({ event: 'transaction.abort_failed', err: error }, 'could not abort a transaction');
    }
  }

  private toTransactionCoordinator<T>(
    request: ApiRequest<T>,
    errorOf: (response: T) => number,
    onAttemptFailed?: (error: unknown) => void,
    timeoutMs?: number,
  ): Promise<T> {
    return this.send('transaction', this.options.transactionalId, request, errorOf, onAttemptFailed, timeoutMs);
  }

  private send<T>(
    coordinator: 'transaction' | 'group',
    key: string,
    request: ApiRequest<T>,
    errorOf: (response: T) => number,
    onAttemptFailed: (error: unknown) => void = () => undefined,
    timeoutMs?: number,
  ): Promise<T> {
    const { cluster } = this.options;
    const policy: RetryPolicy = {
      firstDelayMs: FIRST_RETRY_MS,
      maxDelayMs: MAX_RETRY_MS,
      timeoutMs: timeoutMs ?? cluster.retryPolicy.timeoutMs,
    };
    return cluster.retry(
      request.name,
      async () => {
        try {
          return await cluster.sendToCoordinator(this.control, coordinator, key, request, (response) => {
            const errorCode = errorOf(response);
            if (errorCode !== ErrorCode.NONE) throw new BrokerResponseError(errorCode, request.name);
          });
        } catch (error) {
          this.noteLate(error);
          if (isTransient(error)) onAttemptFailed(error);
          throw error;
        }
      },
      policy,
    );
  }

  private noteLate(error: unknown): void {
    if (error instanceof BrokerConnectionError && error.requestSent) this.late = true;
  }

  private classify(error: unknown, group: GroupGeneration | undefined): Error {
    const { transactionalId } = this.options;
    if (error instanceof BrokerResponseError) {
      if (FENCED.has(error.errorCode)) return new ProducerFencedError(transactionalId, error);
      if (STALE_MEMBER.has(error.errorCode) && group !== undefined) {
        return new StaleGenerationError(group.groupId, group.memberId, group.generationId, error);
      }
      if (isAuthorizationCode(error.errorCode)) return error;
    }
    return new TransactionAbortedError(transactionalId, error);
  }

  private mostTelling(errors: readonly Error[]): Error {
    return (
      errors.find((error) => error instanceof ProducerFencedError) ??
      errors.find((error) => error instanceof StaleGenerationError) ??
      (errors[0] as Error)
    );
  }
}

/** OPERATION_NOT_ATTEMPTED only says that another partition failed. */
function firstError(results: readonly PartitionResult[]): number {
  const failed = results.filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
  const telling = failed.find(({ errorCode }) => errorCode !== ErrorCode.OPERATION_NOT_ATTEMPTED) ?? failed[0];
  return telling?.errorCode ?? ErrorCode.NONE;
}
