import { MillraceError } from '../errors/millrace-error';

/** The group took this member's partitions away between the end of an epoch and its commit. The epoch is given up. */
export class NotAMemberError extends MillraceError {
  readonly code = 'NOT_A_MEMBER';

  constructor() {
    super(
      'The thread is not a member of its group at the moment, so its epoch cannot be committed. Its records will be processed again.',
    );
  }
}
