import { describeLocation, MillraceError, type ErrorLocation } from '../errors/millrace-error';
import { TOPIC_MISSING } from '../task/task-io';
import { ErrorCode, errorName, isAuthorizationCode, isTransientCode } from './protocol/error-codes';

/** The installed kafkajs is not the one that Millrace's Kafka layer is written for. */
export class KafkajsMismatchError extends MillraceError {
  readonly code = 'KAFKAJS_MISMATCH';

  constructor(expected: string, found: string) {
    super(
      `Millrace needs kafkajs ${expected} exactly, and found ${found}. ` +
        `Install it with: npm install --save-exact kafkajs@${expected}`,
    );
  }
}

/** A broker could not be reached, or the connection broke before it answered. Retried inside this layer. */
export class BrokerConnectionError extends MillraceError {
  readonly code = 'BROKER_CONNECTION_FAILED';

  constructor(
    readonly address: string,
    /** True when the request may have reached the broker, so that its effect is unknown. */
    readonly requestSent: boolean,
    reason: string,
    cause?: unknown,
  ) {
    super(`Connection to broker ${address} failed: ${reason}`, { cause });
  }
}

/** A broker refused the credentials, or speaks another security protocol than configured. */
export class BrokerSecurityError extends MillraceError {
  readonly code = 'BROKER_SECURITY';

  constructor(address: string, reason: string, cause?: unknown) {
    super(`Broker ${address} refused the connection: ${reason}. Check the ssl and sasl settings.`, { cause });
  }
}

/** The broker is too old for a request that Millrace depends on. */
export class BrokerTooOldError extends MillraceError {
  readonly code = 'BROKER_TOO_OLD';

  constructor(address: string, request: string, version: number) {
    super(
      `Broker ${address} does not support ${request} version ${version}. Millrace needs Apache Kafka 2.5 or later.`,
    );
  }
}

/** A broker answered a request with an error code. */
export class BrokerResponseError extends MillraceError {
  readonly code = 'BROKER_RESPONSE';
  /** Kafka's name of the error, for example `NOT_LEADER_OR_FOLLOWER`. */
  readonly kafkaError: string;

  constructor(
    readonly errorCode: number,
    request: string,
    location: ErrorLocation = {},
    brokerMessage?: string | null,
  ) {
    const where = describeLocation(location);
    super(
      `Kafka answered ${request}${where === '' ? '' : ` for ${where}`} with ${errorName(errorCode)}` +
        (brokerMessage === undefined || brokerMessage === null ? '' : `: ${brokerMessage}`) +
        (errorCode === ErrorCode.MESSAGE_TOO_LARGE
          ? `. The topic's max.message.bytes is smaller than the batches that are sent to it: raise it, or lower maxBatchBytes.`
          : '') +
        (isAuthorizationCode(errorCode) ? '. Grant the missing permission to the principal of this client.' : ''),
      { location },
    );
    this.kafkaError = errorName(errorCode);
  }

  get transient(): boolean {
    return isTransientCode(this.errorCode);
  }
}

/** Kafka did not become able to answer within the time that this layer retries for. */
export class KafkaUnavailableError extends MillraceError {
  readonly code = 'KAFKA_UNAVAILABLE';

  constructor(what: string, afterMs: number, cause: unknown) {
    const last = cause instanceof Error ? ` Last error: ${cause.message}.` : '';
    // A broker that expects TLS or a login just closes the connection of a client that brings neither.
    const hint =
      cause instanceof BrokerConnectionError ? ' Check that it runs, its address, and the ssl and sasl settings.' : '';
    super(`Gave up on ${what} after ${Math.round(afterMs)} ms of retries.${last}${hint}`, { cause });
  }
}

/** The client was closed while something still used it. */
export class ClientClosedError extends MillraceError {
  readonly code = 'KAFKA_CLIENT_CLOSED';

  constructor(what: string) {
    super(`The Kafka client was closed during ${what}`);
  }
}

export class TopicMissingError extends MillraceError {
  readonly code = TOPIC_MISSING;

  constructor(readonly topic: string) {
    super(`Topic '${topic}' does not exist. Create it, or correct its name in the topology.`, { location: { topic } });
  }
}

/** The bytes of a record batch are not what Kafka's record format says. */
export class CorruptRecordError extends MillraceError {
  readonly code = 'CORRUPT_RECORD';

  constructor(what: string, location: ErrorLocation) {
    super(`Corrupt record batch at ${describeLocation(location)}: ${what}`, { location });
  }
}

/** The log of a partition no longer holds, or does not yet hold, the offset that was asked for. */
export class OffsetOutOfRangeError extends MillraceError {
  readonly code = 'OFFSET_OUT_OF_RANGE';

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly offset: number,
  ) {
    const location = { topic, partition, offset };
    super(`No record can be read at ${describeLocation(location)}: the log was cut, or the topic was made anew`, {
      location,
    });
  }
}

/** A record is larger than a record batch may be. */
export class RecordTooLargeError extends MillraceError {
  readonly code = 'RECORD_TOO_LARGE';

  constructor(
    readonly topic: string,
    readonly sizeInBytes: number,
    readonly limitInBytes: number,
  ) {
    super(
      `A record of ${sizeInBytes} bytes for topic '${topic}' exceeds the limit of ${limitInBytes} bytes for one batch. ` +
        `Make the record smaller, or raise maxBatchBytes here and max.message.bytes of the topic.`,
      { location: { topic } },
    );
  }
}

/** Compression was asked for that this version of Node.js cannot write. */
export class CompressionUnavailableError extends MillraceError {
  readonly code = 'COMPRESSION_UNAVAILABLE';

  constructor(compression: string) {
    super(
      `This Node.js (${process.version}) cannot write ${compression}: use Node.js 22.15 or later, or another compression.`,
    );
  }
}

/**
 * A newer producer with the same transactional id took over, or the coordinator gave up on the open transaction. This one must
 * stop; nothing of its epoch was committed.
 */
export class ProducerFencedError extends MillraceError {
  readonly code = 'PRODUCER_FENCED';

  constructor(transactionalId: string, cause: unknown) {
    super(
      `Producer '${transactionalId}' was fenced: a newer one with the same id took over, or its transaction timed out`,
      { cause },
    );
  }
}

/** The group has moved on without this member: its offsets were refused, and the transaction was aborted. */
export class StaleGenerationError extends MillraceError {
  readonly code = 'STALE_GENERATION';

  constructor(groupId: string, memberId: string, generationId: number, cause: unknown) {
    super(
      `Group '${groupId}' refused the offsets of member '${memberId}' in generation ${generationId}: ` +
        `its partitions were given to others`,
      { cause },
    );
  }
}

/** The commit was sent and no answer came: only the committed offsets tell whether it took effect. */
export class CommitOutcomeUnknownError extends MillraceError {
  readonly code = 'COMMIT_OUTCOME_UNKNOWN';

  constructor(transactionalId: string, cause: unknown) {
    super(
      `The outcome of a commit of producer '${transactionalId}' is unknown. Read the committed offsets to learn it.`,
      {
        cause,
      },
    );
  }
}

/** The transaction failed before its commit, and nothing of it will be visible. */
export class TransactionAbortedError extends MillraceError {
  readonly code = 'TRANSACTION_ABORTED';

  constructor(transactionalId: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`A transaction of producer '${transactionalId}' was aborted: ${reason}`, { cause });
  }
}

/** Records or offsets of an at-least-once commit were not all taken. Some of the records may be in their topics. */
export class DeliveryFailedError extends MillraceError {
  readonly code = 'DELIVERY_FAILED';

  constructor(cause: unknown) {
    super(`Records could not be delivered: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** A producer was used after it failed, or for two commits at once. */
export class ProducerStateError extends MillraceError {
  readonly code = 'PRODUCER_STATE';

  constructor(producer: string, state: string) {
    super(`Producer '${producer}' cannot commit: it is ${state}. After a failure make a new one with the same id.`);
  }
}

/** A consumer group has members, and what was asked for can be done to one without members only. */
export class GroupActiveError extends MillraceError {
  readonly code = 'GROUP_ACTIVE';

  constructor(
    readonly groupId: string,
    /** Those that are known; a broker that refuses does not name them. */
    readonly members: readonly { readonly clientId: string; readonly clientHost: string }[],
  ) {
    const named = members.map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`).join(', ');
    super(
      `Group '${groupId}' has active members${named === '' ? '' : `: ${named}`}. Stop every instance of the application first; ` +
        `one that was killed, or is a static member, is gone when its session has timed out.`,
    );
  }
}

/** The group refused this member for good. */
export class GroupMembershipError extends MillraceError {
  readonly code = 'GROUP_MEMBERSHIP';

  constructor(groupId: string, reason: string, cause?: unknown) {
    super(`Cannot be a member of group '${groupId}': ${reason}`, { cause });
  }
}
