import { randomUUID } from 'node:crypto';
import { MillraceError } from '../errors/millrace-error';
import type { CheckpointKind } from './checkpoint-id';
import type { Answer, ControlMessage } from './control-messages';

/** Nobody answered a request for a checkpoint. */
export class NoCoordinatorError extends MillraceError {
  readonly code = 'NO_COORDINATOR';

  constructor(applicationId: string, timeoutMs: number) {
    super(
      `No instance of '${applicationId}' answered within ${timeoutMs} ms. Is it running, with the same checkpointStore, and are all its tasks open?`,
    );
  }
}

/** A checkpoint or savepoint that was asked for was begun and not completed. */
export class CheckpointFailedError extends MillraceError {
  readonly code = 'CHECKPOINT_FAILED';

  constructor(
    readonly kind: CheckpointKind,
    readonly reason: string,
  ) {
    super(`The ${kind} failed: ${reason}. Nothing of it is left to be used; ask for another one.`);
  }
}

export interface RequestedCheckpoint {
  readonly applicationId: string;
  readonly kind: CheckpointKind;
  /** Of a savepoint; where it is missing it gets one. */
  readonly id: string | undefined;
  /** The application stops with it. */
  readonly thenStop: boolean;
  /** With `thenStop`: input topics are not read any more, and the savepoint is taken when all that is on its way is processed. Default false. */
  readonly drain?: boolean | undefined;
  /** It shares no file with those before: what is damaged in these is not in it. Default false. */
  readonly full?: boolean | undefined;
  /** How long to wait until it is begun, in milliseconds. */
  readonly answerTimeoutMs: number;
  readonly onBegun?: ((number: number) => void) | undefined;
}

/** Where requests are put and answers come from: the control topic. */
export interface RequestChannel {
  send(message: ControlMessage): void;
  /** @returns what ends the listening */
  listen(listener: (message: ControlMessage) => void): () => void;
}

/** The coordinator may be on its way from one instance to another, and not hear the first. */
const ASK_AGAIN_MS = 2_000;

/**
 * Asks the running application for a checkpoint, and waits until it is complete.
 *
 * @returns its id
 * @throws {NoCoordinatorError}
 * @throws {CheckpointFailedError}
 */
export async function requestCheckpoint(
  channel: RequestChannel,
  { applicationId, kind, id, thenStop, drain, full, answerTimeoutMs, onBegun }: RequestedCheckpoint,
): Promise<string> {
  const request = randomUUID();
  const ask = (): void =>
    channel.send({ type: 'request', request, kind, thenStop, drain, full, ...(id === undefined ? {} : { id }) });
  let stopListening: (() => void) | undefined;
  let again: NodeJS.Timeout | undefined;
  let unanswered: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      stopListening = channel.listen((message) => {
        if (message.type !== 'answer' || message.request !== request) return;
        clearTimeout(unanswered);
        settle(message.outcome);
      });
      const settle = (outcome: Answer['outcome']): void => {
        if (outcome.status === 'begun') onBegun?.(outcome.number);
        else if (outcome.status === 'draining') return;
        else if (outcome.status === 'completed') resolve(outcome.id);
        else reject(new CheckpointFailedError(kind, outcome.reason));
      };
      unanswered = setTimeout(() => reject(new NoCoordinatorError(applicationId, answerTimeoutMs)), answerTimeoutMs);
      again = setInterval(ask, ASK_AGAIN_MS);
      ask();
    });
  } finally {
    stopListening?.();
    clearInterval(again);
    clearTimeout(unanswered);
  }
}
