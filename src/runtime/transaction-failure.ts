import {
  BrokerResponseError,
  CommitOutcomeUnknownError,
  DeliveryFailedError,
  ProducerFencedError,
  StaleGenerationError,
  TransactionAbortedError,
} from '../kafka';
import { NotAMemberError } from './not-a-member-error';

const FAILURES = [
  CommitOutcomeUnknownError,
  DeliveryFailedError,
  ProducerFencedError,
  StaleGenerationError,
  TransactionAbortedError,
  NotAMemberError,
];

/** What a broker says of records that it will never take, so that trying again would fail again. */
const REFUSED_FOR_GOOD = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
]);

/** Whether a commit failed in a way after which the tasks can be opened again from what is committed. */
export function isTransactionFailure(error: unknown): boolean {
  if (!FAILURES.some((failure) => error instanceof failure)) return false;
  const { cause } = error as Error;
  return !(cause instanceof BrokerResponseError && REFUSED_FOR_GOOD.has(cause.kafkaError));
}

/** Whether the group has given the tasks to others. */
export function lostMembership(error: unknown): boolean {
  return error instanceof StaleGenerationError || error instanceof NotAMemberError;
}
