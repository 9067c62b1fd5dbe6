import { asError } from '../errors/as-error';
import { takesPart, type CheckpointRequest, type Closed, type Ready } from './control-messages';

export interface DrainParts {
  readonly request: CheckpointRequest;
  readonly generation: number;
  /** Whose word is waited for. */
  readonly participants: readonly Ready[];
  /**
   * Whether every repartition partition is read to its end: the committed offsets, read first, have reached the ends of the logs, read
   * after them.
   */
  readonly repartitionsAreRead: () => Promise<boolean>;
  /** The whole of it may take so long, in milliseconds. */
  readonly timeoutMs: number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly onDrained: () => void;
  readonly onFailed: (reason: string) => void;
}

const LOOK_AGAIN_MS = 200;

/**
 * Waits until nothing is on its way through the application any more.
 *
 * 1. Every thread closes its inputs: it begins no record of an input topic, and nothing that is due by the wall clock. It says so when what
 *    it had begun is committed. From then on only records of repartition topics cause anything.
 * 2. Then the committed offsets of all repartition partitions are read, and after that the ends of their logs. When every offset has reached
 *    its end, nothing moves any more. For ends only grow, and no offset is past one: offset <= end when the offsets were read <= end
 *    when the ends were read. Where the first and the last are equal, all were, and so every record was processed and committed at the moment
 *    when the offsets were read. What a record causes is in the log before its offset is committed, as one transaction; so no thread
 *    held anything back, and nothing is left that could cause a record.
 *
 * A member that opens its tasks again has forgotten what it said: then the drain has failed.
 */
export class Drain {
  private readonly waitingFor: Set<string>;
  private readonly cancelTimeout: () => void;
  private cancelLook: (() => void) | undefined;
  private ended = false;

  constructor(private readonly parts: DrainParts) {
    this.waitingFor = new Set(parts.participants.map(({ member }) => member));
    this.cancelTimeout = parts.setTimer(() => {
      const missing = this.waitingFor.size === 0 ? 'repartition topics' : [...this.waitingFor].join(', ');
      this.fail(`draining took longer than ${parts.timeoutMs} ms; still at work: ${missing}`);
    }, parts.timeoutMs);
  }

  is(request: string): boolean {
    return this.parts.request.request === request;
  }

  /** A member has closed its inputs. */
  heard(closed: Closed): void {
    const { parts } = this;
    if (this.ended || !this.is(closed.request) || closed.generation !== parts.generation) return;
    if (!takesPart(closed, parts.participants)) return;
    if (this.waitingFor.delete(closed.member) && this.waitingFor.size === 0) void this.look();
  }

  /** All tasks of a member are open again, and read what they like. */
  heardReady(ready: Ready): void {
    const { parts } = this;
    if (ready.generation !== parts.generation) return;
    if (!takesPart(ready, parts.participants)) this.fail('a member dropped its tasks and opened them again');
  }

  fail(reason: string): void {
    if (this.ended) return;
    this.end();
    this.parts.onFailed(reason);
  }

  private async look(): Promise<void> {
    const { parts } = this;
    try {
      const read = await parts.repartitionsAreRead();
      if (this.ended) return;
      if (!read) {
        this.cancelLook = parts.setTimer(() => void this.look(), LOOK_AGAIN_MS);
        return;
      }
      this.end();
      parts.onDrained();
    } catch (error) {
      this.fail(`nobody knows whether all is processed: ${asError(error).message}`);
    }
  }

  private end(): void {
    this.ended = true;
    this.cancelTimeout();
    this.cancelLook?.();
  }
}
