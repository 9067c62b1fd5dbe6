import type { AsyncOperator } from '../topology/async-operator';
import type { AsyncOutput } from '../topology/async-call';
import { AsyncCall, type CallListener } from './async-call';
import { callOrder, type CallOrder } from './call-order';
import { ForwardTimestampError } from './forward-errors';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';

/**
 * Calls a function of the user for several records at a time (mapValuesAsync, flatMapValuesAsync, processAsync).
 *
 * `process` begins a call and is done; the record is not. When the call has ended, the task takes it with `take` between two
 * records, restores the record's context, and has its result handed down with `handOn`: everything below still sees one record at
 * a time. At most `concurrency` calls are under way, and as many results wait.
 */
export class AsyncNode extends OperatorNode implements CallListener {
  private readonly order: CallOrder;
  private readonly held = new Set<AsyncCall>();
  /** Of one record more than there is room for, where an operator above makes many of one. */
  private readonly unstarted: AsyncCall[] = [];
  private underWay = 0;
  private backingOff = 0;
  private cancelled = false;
  /** Stream time as the operators below know it: of the records that were handed on. */
  streamTime = -1;
  retries = 0;
  timeouts = 0;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: AsyncOperator,
  ) {
    super(name, context);
    this.order = callOrder(operator);
  }

  /** Records that were not handed on yet. */
  get inFlight(): number {
    return this.held.size;
  }

  /** Whether another record may come. */
  get hasRoom(): boolean {
    return this.held.size < this.operator.concurrency;
  }

  /** Whether a function of the user is at work, as opposed to waiting for its next attempt. */
  get isCalling(): boolean {
    return this.underWay > this.backingOff;
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { context, operator } = this;
    const calls = context.calls!;
    const at = calls.snapshot();
    const record = { key, value, timestamp, headers: context.headers, metadata: context.recordMetadata() };
    const call = new AsyncCall(record, at, operator, calls, this);
    try {
      this.order.add(call);
    } catch (error) {
      // The key serde does not take this key.
      calls.withdraw(at);
      context.failures.processingFailed(this.name, error);
      return undefined;
    }
    this.held.add(call);
    if (this.underWay < operator.concurrency) this.begin(call);
    else this.unstarted.push(call);
    return undefined;
  }

  /** Takes the next record whose result may be handed on. */
  take(): AsyncCall | undefined {
    if (this.cancelled) return undefined;
    const call = this.order.take();
    if (call !== undefined) this.held.delete(call);
    return call;
  }

  /** The stream time with which a result is handed on: what it would be if the calls had taken no time. */
  streamTimeOf({ at }: AsyncCall): number {
    // Out of order, later records have moved the task's stream time before this one is handed on; those below must not call it late.
    const reached = this.operator.order === 'partition' ? at.streamTime : at.timestamp;
    if (reached > this.streamTime) this.streamTime = reached;
    return this.streamTime;
  }

  /** Hands a result down, or reports that there is none. The task has restored the record's context. */
  handOn(call: AsyncCall): Processed {
    if (call.failed) {
      this.context.failures.processingFailed(this.name, call.error);
      return undefined;
    }
    const { outputs } = call;
    try {
      for (let index = 0; index < outputs.length; index++) this.check(outputs[index]);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    for (let index = 0; index < outputs.length; index++) {
      const waiting = this.handOnOne(call, outputs[index]!);
      if (waiting !== undefined) return this.handOnRest(waiting, call, index + 1);
    }
    return undefined;
  }

  private check(output: Partial<AsyncOutput<unknown, unknown>> | null | undefined): void {
    if (typeof output !== 'object' || output === null)
      throw new TypeError('processAsync takes records { key, value }, and the function gave something else');
    const { timestamp } = output;
    if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0))
      throw new ForwardTimestampError(this.name, timestamp);
  }

  private async handOnRest(waiting: Promise<void>, call: AsyncCall, from: number): Promise<void> {
    await waiting;
    for (let index = from; index < call.outputs.length; index++) await this.handOnOne(call, call.outputs[index]!);
  }

  private handOnOne({ record }: AsyncCall, output: AsyncOutput<unknown, unknown>): Processed {
    const { context } = this;
    context.headers = output.headers ?? record.headers;
    return this.forward(output.key, output.value, output.timestamp ?? record.timestamp);
  }

  /** Forgets all calls, and tells their functions so. */
  cancel(): void {
    this.cancelled = true;
    for (const call of this.held) call.cancel();
    this.held.clear();
    this.unstarted.length = 0;
    this.underWay = 0;
    this.backingOff = 0;
  }

  private begin(call: AsyncCall): void {
    this.underWay++;
    call.start();
  }

  retried(): void {
    this.retries++;
    this.backingOff++;
    // Whoever waits for calls may have nothing to wait for now.
    this.context.calls!.ended();
  }

  retryBegins(): void {
    this.backingOff--;
  }

  timedOut(): void {
    this.timeouts++;
  }

  ended(call: AsyncCall): void {
    this.underWay--;
    this.order.ended(call);
    const next = this.unstarted.shift();
    if (next !== undefined) this.begin(next);
    this.context.calls!.ended();
  }
}
