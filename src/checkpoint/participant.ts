import type { Barrier, BarrierGate } from '../task/barrier';
import { takesPart, type Begin, type ControlMessage, type DrainOrder } from './control-messages';

export interface ParticipantParts {
  readonly send: (message: ControlMessage) => void;
  /** The thread has something to do. */
  readonly wake: () => void;
}

/** Who a stream thread is while all its tasks are open. */
export interface Participation {
  readonly generation: number;
  readonly member: string;
  /** See {@link Ready}. */
  readonly producer: string;
  readonly tasks: readonly string[];
  /** That it is a thread of. */
  readonly process?: string | undefined;
}

/** The next commit is to be a cut. */
export interface CutOrder {
  readonly barrier: Barrier;
  /** The checkpoint whose files may be shared. */
  readonly base: string | undefined;
  readonly thenStop: boolean;
}

const NONE = -1;

/**
 * The part of one stream thread in checkpoints.
 *
 * It cuts once for each checkpoint, at its next commit after it heard of the beginning, and processes no record behind a barrier
 * before. So no state holds a record that its sender's cut does not hold as sent. A barrier can come before the message: then the
 * task waits for that.
 */
export class CheckpointParticipant implements BarrierGate {
  private participation: Participation | undefined;
  /** The highest number of `settledGeneration` that is cut, declined or ended, or that began without this thread. */
  private settledNumber = NONE;
  private settledGeneration = NONE;
  private order: CutOrder | undefined;
  /** The cut that the application stops with, until that has ended: well or not. */
  private stopsAfter: Barrier | undefined;
  private drain: DrainOrder | undefined;
  private toldClosed = false;

  constructor(private readonly parts: ParticipantParts) {}

  /** All tasks of the thread are open. Tells the coordinator. */
  ready(participation: Participation): void {
    if (participation.generation !== this.settledGeneration) this.settle(participation.generation, NONE);
    this.participation = participation;
    this.parts.send({ type: 'ready', ...participation, tasks: [...participation.tasks] });
  }

  /** Tasks are given up or dropped: whatever the thread had not cut it will not cut. */
  interrupted(reason: string): void {
    const { order, participation } = this;
    this.participation = undefined;
    this.order = undefined;
    this.drain = undefined;
    // Others may have stopped already: whatever comes of the rebalance, nothing is processed before it is known.
    if (order !== undefined && participation !== undefined)
      this.decline(order.barrier, participation.member, reason, false);
  }

  /** What the next commit has to cut for. */
  get cutOrder(): CutOrder | undefined {
    return this.order;
  }

  /** True between the cut of a checkpoint that the application stops with and its end. */
  get isHolding(): boolean {
    return this.stopsAfter !== undefined;
  }

  /** True while no record of an input topic may be begun, and nothing that is due by the wall clock. */
  get isDraining(): boolean {
    return this.drain !== undefined;
  }

  /** Input topics are not to be read any more. */
  drainBegun(order: DrainOrder): void {
    const { participation } = this;
    if (participation === undefined || order.generation !== participation.generation) return;
    if (!takesPart(participation, order.participants)) return;
    this.drain = order;
    this.toldClosed = false;
    this.parts.wake();
  }

  drainEnded(request: string): void {
    if (this.drain?.request !== request) return;
    this.drain = undefined;
    this.parts.wake();
  }

  /**
   * A commit begins that has all that was begun of input topics.
   *
   * @returns what to call when it has succeeded; undefined when nobody waits for it
   */
  closing(): (() => void) | undefined {
    const { drain, participation } = this;
    if (drain === undefined || participation === undefined || this.toldClosed) return undefined;
    return () => {
      // Something failed meanwhile, or it is over.
      if (this.drain !== drain || this.toldClosed) return;
      this.toldClosed = true;
      const { generation, member, producer } = participation;
      this.parts.send({ type: 'closed', generation, request: drain.request, member, producer });
    };
  }

  /** The next commit is the cut: what is sealed from now on belongs behind it. */
  cutBegun(order: CutOrder): void {
    this.order = undefined;
    this.settle(order.barrier.generation, order.barrier.checkpoint);
    if (order.thenStop) this.stopsAfter = order.barrier;
  }

  /** The cut was made, and could not be kept. */
  failed(barrier: Barrier, reason: string): void {
    if (this.participation?.generation === barrier.generation)
      this.decline(barrier, this.participation.member, reason, true);
  }

  begun(begin: Begin): void {
    const { participation } = this;
    if (begin.generation !== participation?.generation) return this.settle(begin.generation, begin.number);
    if (begin.number <= this.settledNumber) return;
    const barrier = { checkpoint: begin.number, generation: begin.generation };
    if (!takesPart(participation, begin.participants))
      this.decline(
        barrier,
        participation.member,
        'it began without this member, or with a producer that it has replaced',
        false,
      );
    else {
      this.order = { barrier, base: begin.base, thenStop: begin.thenStop };
      this.parts.wake();
    }
  }

  /**
   * A checkpoint is complete or aborted: its barriers mean nothing any more.
   *
   * @param stops - the application stops with it, so the thread goes on holding
   */
  ended(generation: number, number: number, stops = false): void {
    if (!stops && this.stopsAfter?.generation === generation && this.stopsAfter.checkpoint <= number)
      this.stopsAfter = undefined;
    this.parts.wake();
    if (generation !== this.participation?.generation) return;
    this.settle(generation, number);
    if (this.order !== undefined && this.order.barrier.checkpoint <= number) this.order = undefined;
  }

  /** A coordinator leads that knows of no checkpoint of generations before. What those had completed was heard before this. */
  coordinatorChanged(generation: number): void {
    if (this.stopsAfter === undefined || this.stopsAfter.generation >= generation) return;
    this.stopsAfter = undefined;
    this.parts.wake();
  }

  mayPass(barrier: Barrier): boolean {
    return barrier.generation !== this.participation?.generation || barrier.checkpoint <= this.settledNumber;
  }

  private settle(generation: number, number: number): void {
    if (generation < this.settledGeneration) return;
    this.settledNumber = generation === this.settledGeneration ? Math.max(this.settledNumber, number) : number;
    this.settledGeneration = generation;
  }

  private decline({ checkpoint, generation }: Barrier, member: string, reason: string, failed: boolean): void {
    this.settle(generation, checkpoint);
    this.parts.send({ type: 'declined', generation, number: checkpoint, member, reason, failed });
    this.parts.wake();
  }
}
