import type { TaskContext } from './task-context';

/** Nothing when the record is done, or a promise when an operator below has to wait. */
export type Processed = Promise<void> | undefined;

/**
 * One operator of one task. Records are handed down by plain calls; a promise appears only where an operator really waits, and
 * whoever gets one must not hand down the next record before it is settled.
 */
export abstract class OperatorNode {
  children: OperatorNode[] = [];

  constructor(
    readonly name: string,
    protected readonly context: TaskContext,
  ) {}

  abstract process(key: unknown, value: unknown, timestamp: number): Processed;

  /**
   * Whether this operator will look up state by the key of the record that it gets. Where all operators above hand keys on as they
   * are, `requestState` is then called for many records ahead, and their state loaded at once.
   *
   * @param keySerde - names the format of the records' keys: equal formats, equal bytes
   * @param keepsValue - whether the operators above hand values on as they are, too
   */
  requestsState(_keySerde: string, _keepsValue: boolean): boolean {
    return false;
  }

  /** Asks the stores for what this record will need, by `EpochStore.request`. */
  requestState(_key: unknown, _timestamp: number, _value: unknown): void {}

  /** Called once before the first record, parents before children. */
  init(): Promise<void> | undefined {
    return undefined;
  }

  /** Called when the epoch ends, between two records: the last moment to write to stores for this commit. */
  beforeCommit(): void {}

  close(): Promise<void> | undefined {
    return undefined;
  }

  protected forward(key: unknown, value: unknown, timestamp: number): Processed {
    const children = this.children;
    for (let index = 0; index < children.length; index++) {
      const waiting = children[index]!.process(key, value, timestamp);
      if (waiting !== undefined) {
        return index === children.length - 1 ? waiting : this.forwardRest(waiting, index + 1, key, value, timestamp);
      }
    }
    return undefined;
  }

  private async forwardRest(
    waiting: Promise<void>,
    from: number,
    key: unknown,
    value: unknown,
    timestamp: number,
  ): Promise<void> {
    await waiting;
    for (let index = from; index < this.children.length; index++) {
      await this.children[index]!.process(key, value, timestamp);
    }
  }
}
