import type { AsyncOperator } from '../topology/async-operator';
import type { AsyncOutput, AsyncRecord } from '../topology/async-call';
import { AsyncCancelledError, AsyncTimeoutError, AsyncTotalTimeoutError } from './async-timeout-error';
import type { CallsInFlight, RecordSnapshot } from './calls-in-flight';

/** What a call counts for its node. */
export interface CallListener {
  readonly name: string;
  retried(call: AsyncCall): void;
  retryBegins(call: AsyncCall): void;
  timedOut(): void;
  ended(call: AsyncCall): void;
}

/** The call that an asynchronous operator makes for one record: its attempts, until one is answered or none is left. */
export class AsyncCall {
  ended = false;
  failed = false;
  error: unknown;
  outputs: readonly AsyncOutput<unknown, unknown>[] = [];
  private attempt = 0;
  /** Of the attempt that is under way. */
  private controller: AbortController | undefined;
  private stopTimer: (() => void) | undefined;
  private stopTotalTimer: (() => void) | undefined;
  private backingOff = false;

  constructor(
    readonly record: AsyncRecord<unknown, unknown>,
    readonly at: RecordSnapshot,
    private readonly operator: AsyncOperator,
    private readonly calls: CallsInFlight,
    private readonly listener: CallListener,
  ) {}

  start(): void {
    const { operator, calls, listener } = this;
    if (this.attempt === 0 && operator.totalTimeoutMs !== undefined)
      this.stopTotalTimer = calls.timers.after(operator.totalTimeoutMs, () => this.outOfTime());
    const attempt = ++this.attempt;
    const controller = new AbortController();
    this.controller = controller;
    this.stopTimer = calls.timers.after(operator.timeoutMs, () => {
      const error = new AsyncTimeoutError(listener.name, operator.timeoutMs, attempt);
      listener.timedOut();
      this.settle(controller, () => this.attemptFailed(error));
      controller.abort(error);
    });
    const answer = async (): Promise<Iterable<AsyncOutput<unknown, unknown>>> =>
      operator.call(this.record, { signal: controller.signal, attempt });
    answer().then(
      (outputs) => this.settle(controller, () => this.end(outputs as readonly AsyncOutput<unknown, unknown>[])),
      (error: unknown) => this.settle(controller, () => this.attemptFailed(error)),
    );
  }

  /** Nobody wants the result any more. */
  cancel(): void {
    const { controller } = this;
    this.controller = undefined;
    this.stopTimer?.();
    this.stopTotalTimer?.();
    this.ended = true;
    controller?.abort(new AsyncCancelledError(this.listener.name));
  }

  /** An attempt ends once: what its function does after its time is over changes nothing. */
  private settle(controller: AbortController, end: () => void): void {
    if (this.controller !== controller) return;
    this.controller = undefined;
    this.stopTimer?.();
    this.stopTimer = undefined;
    end();
  }

  private attemptFailed(error: unknown): void {
    const { operator, calls, listener, attempt } = this;
    let again = attempt <= operator.retries;
    let cause = error;
    if (again) {
      try {
        again = operator.retryIf(error, attempt);
      } catch (thrown) {
        again = false;
        cause = thrown;
      }
    }
    if (!again) {
      this.failed = true;
      this.error = cause;
      this.end([]);
      return;
    }
    this.error = cause;
    this.backingOff = true;
    listener.retried(this);
    const longest = Math.min(operator.maxBackoffMs, operator.backoffMs * 2 ** (attempt - 1));
    this.stopTimer = calls.timers.after(longest * (1 - operator.jitter * calls.random()), () => {
      this.endBackoff();
      this.start();
    });
  }

  private endBackoff(): void {
    this.backingOff = false;
    this.listener.retryBegins(this);
  }

  /** With whatever attempt is under way, or between two. */
  private outOfTime(): void {
    const { controller, listener, operator, attempt } = this;
    const error = new AsyncTotalTimeoutError(listener.name, operator.totalTimeoutMs!, attempt, this.error);
    this.controller = undefined;
    this.stopTimer?.();
    if (this.backingOff) this.endBackoff();
    listener.timedOut();
    this.failed = true;
    this.error = error;
    this.end([]);
    controller?.abort(error);
  }

  private end(outputs: readonly AsyncOutput<unknown, unknown>[]): void {
    this.stopTotalTimer?.();
    this.outputs = outputs;
    this.ended = true;
    this.listener.ended(this);
  }
}
