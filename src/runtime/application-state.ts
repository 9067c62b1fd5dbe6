import { MillraceError } from '../errors/millrace-error';

/**
 * The states of Kafka Streams.
 *
 * - `CREATED`: not started.
 * - `REBALANCING`: joining the group, being assigned tasks, or restoring their state.
 * - `RUNNING`: every assigned task is processing.
 * - `PENDING_SHUTDOWN`, `NOT_RUNNING`: closing, closed.
 * - `PENDING_ERROR`, `ERROR`: closing after a fatal error, closed after one.
 */
export type ApplicationState =
  'CREATED' | 'REBALANCING' | 'RUNNING' | 'PENDING_SHUTDOWN' | 'NOT_RUNNING' | 'PENDING_ERROR' | 'ERROR';

const ALLOWED: Readonly<Record<ApplicationState, readonly ApplicationState[]>> = {
  CREATED: ['REBALANCING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  REBALANCING: ['RUNNING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  RUNNING: ['REBALANCING', 'PENDING_SHUTDOWN', 'PENDING_ERROR'],
  PENDING_SHUTDOWN: ['NOT_RUNNING', 'PENDING_ERROR'],
  NOT_RUNNING: [],
  PENDING_ERROR: ['ERROR'],
  ERROR: [],
};

export type StateListener = (newState: ApplicationState, oldState: ApplicationState) => void;

/** An operation that the state of the application does not allow. */
export class IllegalStateError extends MillraceError {
  readonly code = 'ILLEGAL_STATE';
}

/** Holds the state and tells its listeners of each transition, in order. */
export class ApplicationStateMachine {
  private current: ApplicationState = 'CREATED';
  private readonly listeners = new Set<StateListener>();

  get state(): ApplicationState {
    return this.current;
  }

  /** @returns a function that removes the listener */
  onChange(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Moves to `next` if that is allowed from here; says whether it did. The same state again is no transition. */
  transition(next: ApplicationState): boolean {
    const before = this.current;
    if (!ALLOWED[before].includes(next)) return false;
    this.current = next;
    for (const listener of [...this.listeners]) listener(next, before);
    return true;
  }
}
