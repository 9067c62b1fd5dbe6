import type { RestartStrategy } from '../checkpoint/restart-strategy';
import { GroupMembershipError } from '../kafka';
import type { Logger } from '../logging/logger';
import { RestartsExhaustedError } from './restart-errors';
import type { StreamThread, ThreadState } from './stream-thread';

type SupervisedThread = Pick<StreamThread, 'run' | 'shutdown'>;

export interface StreamThreadsParts<T extends SupervisedThread> {
  readonly count: number;
  /** Makes thread `index`, a first one or one in the place of one that died. */
  readonly create: (index: number, onState: (state: ThreadState) => void) => T;
  readonly strategy: RestartStrategy;
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  readonly logger: Logger;
  /** Called at each change of a thread. A place whose thread is dead is one that does not run. */
  readonly onChange: (allRun: boolean) => void;
  /** A thread died, whatever comes of it. */
  readonly onDied: (index: number) => void;
  /** A thread died, and another comes in its place. */
  readonly onReplaced: (dead: T) => void;
  /** A thread died, and none comes in its place: the application must end. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * The stream threads of an instance. When one dies of an error, the restart strategy says whether and when another takes its place:
 * it begins, as after a crash, where the last commit was.
 */
export class StreamThreads<T extends SupervisedThread> {
  private readonly states: ThreadState[];
  private readonly threads = new Map<number, T>();
  private readonly waiting = new Map<number, NodeJS.Timeout>();
  private restarts = 0;
  private stopping = false;

  constructor(private readonly parts: StreamThreadsParts<T>) {
    this.states = Array.from({ length: parts.count }, () => 'CREATED');
  }

  start(): void {
    for (let index = 0; index < this.parts.count; index++) this.startOne(index);
  }

  /** Ends all threads, and waits for none that was to come. Resolves to what they died of, if they did. */
  async shutdown(): Promise<unknown[]> {
    this.stopping = true;
    for (const timer of this.waiting.values()) clearTimeout(timer);
    const ends = await Promise.allSettled([...this.threads.values()].map((thread) => thread.shutdown()));
    return ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []));
  }

  private startOne(index: number): void {
    const { create, onChange } = this.parts;
    const thread = create(index, (state) => {
      this.states[index] = state;
      onChange(this.states.every((each) => each === 'RUNNING'));
    });
    this.threads.set(index, thread);
    thread.run().catch((error: unknown) => this.died(index, thread, error));
  }

  private died(index: number, thread: T, error: unknown): void {
    const { strategy, now, logger, onDied, onFailure, onReplaced } = this.parts;
    onDied(index);
    // What the group refused for good it would refuse again, and another instance may be in its place.
    if (this.stopping || error instanceof GroupMembershipError) return onFailure(error);
    const decision = strategy.decide(now());
    if ('giveUp' in decision) {
      const isFirst = this.restarts === 0;
      const { description } = strategy;
      return onFailure(
        isFirst ? error : new RestartsExhaustedError(description, this.restarts, decision.giveUp, error),
      );
    }
    this.restarts++;
    this.threads.delete(index);
    onReplaced(thread);
    const { restartAfterMs } = decision;
    logger.warn(
      {
        event: 'thread_restarting',
        restart: this.restarts,
        strategy: strategy.description,
        restartAfterMs,
        err: error,
      },
      `Another stream thread takes the place of the one that died, in ${Math.round(restartAfterMs)} ms`,
    );
    const timer = setTimeout(() => {
      this.waiting.delete(index);
      try {
        this.startOne(index);
      } catch (thrown) {
        onFailure(thrown);
      }
    }, restartAfterMs);
    this.waiting.set(index, timer);
  }
}
