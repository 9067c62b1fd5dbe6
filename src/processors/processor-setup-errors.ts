import { MillraceError } from '../errors/millrace-error';

/** A processor asked for a state that was not listed where it was added. */
export class StateNotDeclaredError extends MillraceError {
  readonly code = 'STATE_NOT_DECLARED';

  constructor(state: string, node: string) {
    super(
      `Processor '${node}' asked for the state '${state}', which it was not given. List the descriptor where it is added: process(supplier, { states: [...] }).`,
      { location: { node } },
    );
  }
}

/** A processor uses timers, and that was not said where it was added, or it has no `onTimer`. */
export class TimersNotDeclaredError extends MillraceError {
  readonly code = 'TIMERS_NOT_DECLARED';

  constructor(node: string, problem: 'option' | 'onTimer') {
    super(
      problem === 'option'
        ? `Processor '${node}' uses timers, which need a store. Say so where it is added: process(supplier, { timers: true }).`
        : `Processor '${node}' was added with timers, and has no onTimer(). Give it one, or leave 'timers' out.`,
      { location: { node } },
    );
  }
}

/** A timer for a time that is none. */
export class TimerTimestampError extends MillraceError {
  readonly code = 'TIMER_TIMESTAMP_INVALID';

  constructor(node: string, timestamp: number) {
    super(`Processor '${node}' asked for a timer at ${timestamp}. Give whole milliseconds from 0 up.`, {
      location: { node },
    });
  }
}

/** `snapshotState` threw. Its task cannot go on: what the processor holds would be lost in silence. */
export class SnapshotFailedError extends MillraceError {
  readonly code = 'SNAPSHOT_FAILED';

  constructor(node: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The snapshotState() of processor '${node}' failed: ${reason}. Correct it, or the serde of its operator state.`,
      {
        cause,
        location: { node },
      },
    );
  }
}

/** A punctuation with an interval that is none. */
export class PunctuationIntervalError extends MillraceError {
  readonly code = 'PUNCTUATION_INTERVAL_INVALID';

  constructor(node: string, intervalMs: number) {
    super(`Processor '${node}' scheduled a punctuation every ${intervalMs} ms. Give whole milliseconds from 1 up.`, {
      location: { node },
    });
  }
}
