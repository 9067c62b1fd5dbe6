import { AsyncNode } from '../processors/async-node';
import type { AsyncCall } from '../processors/async-call';
import type { CallsInFlight, RecordInFlight, RecordSnapshot, Timers } from '../processors/calls-in-flight';
import type { OperatorNode, Processed } from '../processors/operator-node';
import type { TaskContext } from '../processors/task-context';
import type { Subtopology } from '../topology/graph';
import type { PartitionQueue } from './partition-queue';
import { NO_PARTITION_TIME } from './partition-time';
import { asyncNodesBelow, leavesNoTrace } from './record-effects';
import type { ConfiguredRecordFailures } from './record-failures';

/** Time and chance for asynchronous operators. */
export interface AsyncEnvironment {
  readonly timers: Timers;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
}

interface SourceRecord extends RecordInFlight {
  readonly queue: QueueInFlight | undefined;
  readonly offset: number;
  /** The highest timestamp of the records before it in its partition. */
  readonly timeBefore: number;
}

/** The records of one input partition that are not done. */
interface QueueInFlight {
  readonly queue: PartitionQueue;
  /** In the order of their offsets. */
  readonly records: SourceRecord[];
  /** After the last record that was begun. */
  next: number;
  /** The highest offset whose record has left a trace: in a store, in an output. */
  tracedOffset: number;
  /** A record leaves a trace before it reaches an asynchronous operator, or beside it. */
  readonly tracesAtOnce: boolean;
}

/**
 * The records of a task that wait in asynchronous operators.
 *
 * A record in flight counts as not processed: its offset is not committed, and with it no later one. That is exactly once as long as
 * neither it nor any later record has left a trace in a store or an output. So
 *
 * - where all that happens before and beside the asynchronous operator is stateless, and results are handed on in order, a commit
 *   can be made at any moment: at the offset of the oldest record in flight;
 * - else a commit is possible when nothing is in flight below the highest offset that left a trace. `blocksCommit` says so; the
 *   task's owner then begins no record and goes on handing on results until it is false.
 */
export class AsyncRecords implements CallsInFlight {
  readonly timers: Timers;
  readonly random: () => number;
  readonly nodes: readonly AsyncNode[];
  /** For each node: what must have room before a result of it is handed on. */
  private readonly below = new Map<AsyncNode, readonly AsyncNode[]>();
  private readonly tracesAfter = new Map<AsyncNode, boolean>();
  private readonly queues = new Map<PartitionQueue, QueueInFlight>();
  /** Of punctuators, whose records no offset stands for. */
  private unattached = 0;

  private queue: QueueInFlight | undefined;
  private offset = -1;
  private record: SourceRecord | undefined;
  private deadLettersBefore = 0;

  private streamTimeOfTask = -1;
  /** Called when a call has ended. */
  wake: () => void = () => undefined;
  private changed: (() => void) | undefined;

  /** Undefined for a task without asynchronous operators. */
  static of(
    subtopology: Subtopology,
    nodes: readonly OperatorNode[],
    context: TaskContext,
    failures: ConfiguredRecordFailures,
    environment: AsyncEnvironment,
  ): AsyncRecords | undefined {
    const asynchronous = nodes.filter((node) => node instanceof AsyncNode);
    if (asynchronous.length === 0) return undefined;
    return new AsyncRecords(subtopology, asynchronous, context, failures, environment);
  }

  private constructor(
    private readonly subtopology: Subtopology,
    nodes: readonly AsyncNode[],
    private readonly context: TaskContext,
    private readonly failures: ConfiguredRecordFailures,
    { timers, random }: AsyncEnvironment,
  ) {
    this.timers = timers;
    this.random = random;
    // What is further down goes first, and makes room for what is above.
    this.nodes = [...nodes].reverse();
    const byName = new Map(nodes.map((node) => [node.name, node]));
    for (const description of subtopology.nodes) {
      const node = byName.get(description.name);
      if (node === undefined || description.kind === 'sink') continue;
      const below = asyncNodesBelow(subtopology, description.children);
      this.below.set(
        node,
        [...below].map((name) => byName.get(name)!),
      );
      this.tracesAfter.set(node, !leavesNoTrace(subtopology, description.children));
    }
    context.calls = this;
  }

  // --- records of the source ------------------------------------------------------------------------------------------------------

  /** Whether another record may be begun. */
  get hasRoom(): boolean {
    for (const node of this.nodes) if (!node.hasRoom) return false;
    return true;
  }

  begin(queue: PartitionQueue, offset: number): void {
    let known = this.queues.get(queue);
    if (known === undefined) {
      const source = this.subtopology.sources.find(({ name }) => name === queue.sourceName)!;
      const tracesAtOnce = !leavesNoTrace(this.subtopology, source.children);
      known = { queue, records: [], next: queue.consumedOffset, tracedOffset: -1, tracesAtOnce };
      this.queues.set(queue, known);
    }
    this.queue = known;
    this.offset = offset;
    this.record = undefined;
    this.deadLettersBefore = this.failures.deadLetters;
  }

  /** The record that was begun has gone as far as it can without waiting for a call. */
  end(): void {
    const { record, offset } = this;
    const queue = this.queue!;
    queue.next = offset + 1;
    if (queue.tracesAtOnce || this.failures.deadLetters > this.deadLettersBefore) queue.tracedOffset = offset;
    // With a call that ended on the spot, for a key that the operator cannot take, nothing is pending.
    if (record === undefined || record.pending === 0) this.done(queue, record);
    this.queue = undefined;
    this.record = undefined;
  }

  snapshot(): RecordSnapshot {
    const { context, failures } = this;
    let { record } = this;
    if (record === undefined) {
      const timeBefore = this.queue?.queue.partitionTime ?? NO_PARTITION_TIME;
      record = { queue: this.queue, offset: this.offset, timeBefore, pending: 0 };
      if (this.queue === undefined) this.unattached++;
      else {
        this.queue.records.push(record);
        this.record = record;
      }
    }
    record.pending++;
    const { raw } = failures;
    return {
      record,
      topic: context.topic,
      partition: context.partition,
      offset: context.offset,
      timestamp: context.timestamp,
      headers: context.headers,
      streamTime: context.streamTime,
      rawKey: raw.key,
      rawValue: raw.value,
      rawHeaders: raw.headers,
      rawTimestamp: raw.timestamp,
    };
  }

  withdraw({ record }: RecordSnapshot): void {
    this.callOver(record as SourceRecord);
  }

  private callOver(record: SourceRecord): void {
    record.pending--;
    if (record.pending === 0 && record.queue === undefined) this.unattached--;
  }

  private done(queue: QueueInFlight, record: SourceRecord | undefined): void {
    const { records } = queue;
    if (record !== undefined) records.splice(records.indexOf(record), 1);
    queue.queue.inPreparation--;
    const oldest = records[0];
    queue.queue.consumedOffset = oldest === undefined ? queue.next : oldest.offset;
    queue.queue.consumedTime = oldest === undefined ? queue.queue.partitionTime : oldest.timeBefore;
  }

  // --- results --------------------------------------------------------------------------------------------------------------------

  /** Takes the next call whose result can be handed on now. */
  take(): [AsyncNode, AsyncCall] | undefined {
    for (const node of this.nodes) {
      if (!this.below.get(node)!.every((below) => below.hasRoom)) continue;
      const call = node.take();
      if (call !== undefined) return [node, call];
    }
    return undefined;
  }

  /** Hands a result down in the context of its record. When that is done `handedOn` must be called. */
  handOn(node: AsyncNode, call: AsyncCall): Processed {
    const { context, failures } = this;
    const { at } = call;
    const { raw } = failures;
    this.record = at.record as SourceRecord;
    this.deadLettersBefore = failures.deadLetters;
    this.streamTimeOfTask = context.streamTime;
    context.topic = at.topic;
    context.partition = at.partition;
    context.offset = at.offset;
    context.timestamp = at.timestamp;
    context.headers = at.headers;
    context.streamTime = node.streamTimeOf(call);
    raw.key = at.rawKey;
    raw.value = at.rawValue;
    raw.headers = at.rawHeaders;
    raw.timestamp = at.rawTimestamp;
    return node.handOn(call);
  }

  handedOn(node: AsyncNode): void {
    const record = this.record!;
    const { queue, offset } = record;
    this.context.streamTime = this.streamTimeOfTask;
    this.record = undefined;
    this.callOver(record);
    if (queue === undefined) return;
    const traced = this.tracesAfter.get(node)! || this.failures.deadLetters > this.deadLettersBefore;
    if (traced && offset > queue.tracedOffset) queue.tracedOffset = offset;
    if (record.pending === 0) this.done(queue, record);
  }

  /** The stream time that all operators have reached: what is due by it must not come before the results of earlier records. */
  get streamTime(): number {
    let time = this.context.streamTime;
    for (const node of this.nodes) if (node.inFlight > 0 && node.streamTime < time) time = node.streamTime;
    return time;
  }

  // --- commits --------------------------------------------------------------------------------------------------------------------

  /** A commit now would take a part of a record, or a later record without an earlier one. */
  get blocksCommit(): boolean {
    if (this.unattached > 0) return true;
    for (const { records, tracedOffset } of this.queues.values())
      if (records.length > 0 && records[0]!.offset <= tracedOffset) return true;
    return false;
  }

  /** Whether a function of the user is at work. */
  get isCalling(): boolean {
    return this.nodes.some((node) => node.isCalling);
  }

  ended(): void {
    this.wake();
    this.changed?.();
  }

  /** Resolves when the next call has ended. */
  async nextEnd(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.changed = resolve;
    });
    this.changed = undefined;
  }

  cancel(): void {
    for (const node of this.nodes) node.cancel();
    this.ended();
  }
}
