import type { AsyncCallContext } from '../../src/topology/async-call';

export interface PendingCall {
  readonly value: string;
  readonly key: string | null;
  readonly context: AsyncCallContext;
  answer(result: string): void;
  fail(error: Error): void;
}

/** An asynchronous function that answers when the test says so. */
export class PendingCalls {
  readonly pending: PendingCall[] = [];
  /** The most that were under way at a time. */
  most = 0;
  begun = 0;

  readonly call = (value: string, key: string | null, context: AsyncCallContext): Promise<string> =>
    new Promise((resolve, reject) => {
      const remove = (): void => {
        const index = this.pending.indexOf(call);
        if (index >= 0) this.pending.splice(index, 1);
      };
      const call: PendingCall = {
        value,
        key,
        context,
        answer: (result) => {
          remove();
          resolve(result);
        },
        fail: (error) => {
          remove();
          reject(error);
        },
      };
      context.signal.addEventListener('abort', remove);
      this.begun++;
      this.pending.push(call);
      this.most = Math.max(this.most, this.pending.length);
    });

  find(value: string): PendingCall {
    const found = this.pending.find((call) => call.value === value);
    if (found === undefined) throw new Error(`no call for '${value}' is under way`);
    return found;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
