import {
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

/** Whether a commit failed in a way after which the tasks can be opened again from what is committed. */
export function isTransactionFailure(error: unknown): boolean {
  return FAILURES.some((failure) => error instanceof failure);
}

/** Whether the group has given the tasks to others. */
export function lostMembership(error: unknown): boolean {
  return error instanceof StaleGenerationError || error instanceof NotAMemberError;
}
